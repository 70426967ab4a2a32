// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handle_fd.h"
#include "operation.h"
#include "sock_address.h"

/* uapi/linux/in6.h conflicts with netinet/in.h. */
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

#define MAX_BUFFER (256u << 20)

/*
 * Binds also to addresses that the machine does not have; the same port of the other family stays
 * free.
 */
static int bind_to(int fd, const struct sock_address *address)
{
	const int on = 1;
	int error;

	if (address->any.sa_family == AF_INET)
		error = setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	else
		error = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ||
			setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
	return error ? error : bind(fd, &address->any, address->length);
}

void op_socket_open(struct args *args, struct reply *reply)
{
	const char *protocol = args_string(args, "protocol");
	struct bytes bytes = args_bytes(args, "address", 16);
	uint16_t port = args_uint(args, "port", UINT16_MAX);
	int buffer = (int)args_uint_or(args, "receive_buffer", MAX_BUFFER, 0);
	bool tcp = strcmp(protocol, "tcp") == 0;
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	struct sock_address address;
	int fd;

	if (!tcp && strcmp(protocol, "udp") != 0)
		args_complain(args, "protocol", "is \"%.32s\", expected tcp or udp", protocol);
	if (!sock_address_of(&address, &bytes, port))
		args_complain(args, "address", "has %u bytes, expected 4 or 16", bytes.length);
	if (!args_valid(args))
		return;
	fd = socket(address.any.sa_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0 || (buffer && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer))) ||
	    bind_to(fd, &address) || (tcp && listen(fd, 1)) ||
	    getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size)) {
		reply_fail(reply, errno, "open a %s socket at port %u", protocol, port);
		if (fd >= 0)
			close(fd);
		return;
	}
	reply_map(reply, 2);
	reply_key_uint(reply, "handle", handle_fd_new(fd));
	reply_key_uint(reply, "cookie", cookie);
}
