// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_NETLINK_H
#define BPFGATE_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An rtnetlink request under construction (rtnetlink(7)). A request that exceeds `body` aborts the
 * agent.
 */
struct netlink_request {
	struct nlmsghdr header;
	uint8_t body[2048];
};

/* Begins a request of `type` with a fixed part of `size` bytes; returns that part, zeroed. */
void *netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t size);
/* Appends `size` zero bytes and returns them. */
void *netlink_reserve(struct netlink_request *request, size_t size);
void netlink_attribute(struct netlink_request *request, uint16_t type, const void *data, size_t size);
struct rtattr *netlink_nest(struct netlink_request *request, uint16_t type);
void netlink_nest_end(struct netlink_request *request, struct rtattr *nest);

/* Sends it and waits for the kernel's acknowledgement: 0 or a negative errno. */
int netlink_call(struct netlink_request *request);

/* Sends a dump request and passes each message of the answer to `each`. 0 or a negative errno. */
int netlink_dump(struct netlink_request *request, void (*each)(const struct nlmsghdr *message, void *context),
		 void *context);

#endif
