/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_H
#define NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

/* Called for each message of a dump. */
typedef void message_fn(const struct nlmsghdr *message, void *context);

/* Sends a dump request of `size` bytes after the header, and hands over what comes. 0 or -1. */
int netlink_dump(uint16_t type, const void *body, size_t size, message_fn *take, void *context);

/* Attributes by type, those below `count`: of a message, or nested in an attribute. */
void netlink_attributes(const void *first, size_t size, const struct rtattr **table, unsigned count);
uint32_t netlink_u32(const struct rtattr *attribute);

#endif
