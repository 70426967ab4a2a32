// SPDX-License-Identifier: Apache-2.0
#include "socket_call.h"

#include <string.h>
#include <unistd.h>

#define MAX_SOCKETS 64

static int sockets[MAX_SOCKETS];

typedef int call_fn(const struct socket_step *step, int fd, struct socket_outcome *outcome);

static int call_socket(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)fd;
	(void)outcome;
	return sockets[step->slot] = socket(step->domain, step->type | SOCK_CLOEXEC, step->protocol);
}

static int call_bind(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)outcome;
	return bind(fd, &step->address.any, step->address.length);
}

static int call_listen(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)step;
	(void)outcome;
	return listen(fd, 16);
}

static int call_connect(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)outcome;
	return connect(fd, &step->address.any, step->address.length);
}

static int call_accept(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	outcome->address.length = sizeof(struct sockaddr_un);
	return sockets[step->into] = accept(fd, &outcome->address.any, &outcome->address.length);
}

static int call_sendmsg(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	struct iovec part = { .iov_base = (void *)step->data.data, .iov_len = step->data.length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	(void)outcome;
	if (step->address.length > 0) {
		message.msg_name = (void *)&step->address.any;
		message.msg_namelen = step->address.length;
	}
	return (int)sendmsg(fd, &message, MSG_NOSIGNAL);
}

static int call_recvmsg(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	struct iovec part = { .iov_base = outcome->data, .iov_len = SOCKET_CALL_MAX_DATA };
	struct msghdr message = {
		.msg_name = &outcome->address.any,
		.msg_namelen = sizeof(struct sockaddr_un),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t got = recvmsg(fd, &message, 0);

	(void)step;
	outcome->data_length = got > 0 ? got : 0;
	outcome->address.length = got >= 0 ? message.msg_namelen : 0;
	return (int)got;
}

static int call_getsockname(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)step;
	outcome->address.length = sizeof(struct sockaddr_un);
	return getsockname(fd, &outcome->address.any, &outcome->address.length);
}

static int call_getpeername(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)step;
	outcome->address.length = sizeof(struct sockaddr_un);
	return getpeername(fd, &outcome->address.any, &outcome->address.length);
}

static int call_setsockopt(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)outcome;
	return setsockopt(fd, step->level, step->option, step->data.data, step->data.length);
}

static int call_getsockopt(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	socklen_t length = step->data.length;
	int result;

	memcpy(outcome->data, step->data.data, step->data.length);
	result = getsockopt(fd, step->level, step->option, outcome->data, &length);
	outcome->data_length = result == 0 && length <= SOCKET_CALL_MAX_DATA ? length : 0;
	return result;
}

static int call_close(const struct socket_step *step, int fd, struct socket_outcome *outcome)
{
	(void)outcome;
	sockets[step->slot] = -1;
	return close(fd);
}

static const struct {
	const char *name;
	call_fn *call;
} calls[] = {
	{ "socket", call_socket },
	{ "bind", call_bind },
	{ "listen", call_listen },
	{ "connect", call_connect },
	{ "accept", call_accept },
	{ "sendmsg", call_sendmsg },
	{ "recvmsg", call_recvmsg },
	{ "getsockname", call_getsockname },
	{ "getpeername", call_getpeername },
	{ "setsockopt", call_setsockopt },
	{ "getsockopt", call_getsockopt },
	{ "close", call_close },
};

static call_fn *find_call(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].call;
	}
	return NULL;
}

struct socket_step socket_step_of(struct args *args, uint32_t index)
{
	struct args element = args_element(args, "steps", index);
	struct bytes address = args_bytes_or_none(&element, "address", 16);
	struct socket_step step = {
		.call = args_string(&element, "call"),
		.slot = args_uint_or(&element, "socket", MAX_SOCKETS - 1, 0),
		.into = args_uint_or(&element, "into", MAX_SOCKETS - 1, 0),
		.domain = (int)args_uint_or(&element, "domain", INT32_MAX, AF_INET),
		.type = (int)args_uint_or(&element, "type", INT32_MAX, SOCK_DGRAM),
		.protocol = (int)args_uint_or(&element, "protocol", INT32_MAX, 0),
		.data = args_bytes_or_none(&element, "data", SOCKET_CALL_MAX_DATA),
		.level = args_int_or(&element, "level", INT32_MIN, INT32_MAX, 0),
		.option = args_int_or(&element, "option", INT32_MIN, INT32_MAX, 0),
	};
	uint16_t port = args_uint_or(&element, "port", UINT16_MAX, 0);
	const char *path = args_string_or_null(&element, "path");

	if (!find_call(step.call))
		args_complain(args, "steps", "has an unknown call: %.32s", step.call);
	if (args_has(&element, "address") && !sock_address_of(&step.address, &address, port))
		args_complain(args, "steps", "has an address of %u bytes, expected 4 or 16", address.length);
	if (path && strlen(path) >= sizeof(step.address.local.sun_path)) {
		args_complain(args, "steps", "has a path that is too long");
	} else if (path) {
		step.address.local.sun_family = AF_UNIX;
		memcpy(step.address.local.sun_path, path, strlen(path) + 1);
		step.address.length = sizeof(step.address.local);
	}
	return step;
}

void socket_call_begin(void)
{
	for (int i = 0; i < MAX_SOCKETS; i++)
		sockets[i] = -1;
}

int socket_call(const struct socket_step *step, struct socket_outcome *outcome)
{
	return find_call(step->call)(step, sockets[step->slot], outcome);
}
