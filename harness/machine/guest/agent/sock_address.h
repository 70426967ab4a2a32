// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SOCK_ADDRESS_H
#define BPFGATE_SOCK_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "args.h"

/* Address of an IPv4, IPv6 or Unix socket. */
struct sock_address {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
		struct sockaddr_un local;
	};
	socklen_t length;
};

/* From 4 or 16 bytes in network order. False for another length. */
bool sock_address_of(struct sock_address *address, const struct bytes *bytes, uint16_t port);

#endif
