// SPDX-License-Identifier: Apache-2.0
#include <linux/if_addr.h>
#include <sys/socket.h>

#include "netlink.h"
#include "operation.h"

void op_addr_add(struct args *args, struct reply *reply)
{
	uint32_t ifindex = args_uint(args, "ifindex", INT32_MAX);
	struct bytes address = args_bytes(args, "address", 16);
	uint8_t prefix = args_uint(args, "prefix", 128);
	/* No duplicate address detection: the address is usable at once. */
	uint32_t flags = IFA_F_NODAD | IFA_F_PERMANENT;
	struct netlink_request request;
	struct ifaddrmsg *message;
	int error;

	if (address.length != 4 && address.length != 16)
		args_complain(args, "address", "has %u bytes, expected 4 or 16", address.length);
	if (prefix > address.length * 8)
		args_complain(args, "prefix", "is %u, but the address has %u bits", prefix, address.length * 8);
	if (!args_valid(args))
		return;
	message = netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*message));
	message->ifa_family = address.length == 4 ? AF_INET : AF_INET6;
	message->ifa_prefixlen = prefix;
	message->ifa_index = ifindex;
	netlink_attribute(&request, IFA_LOCAL, address.data, address.length);
	netlink_attribute(&request, IFA_ADDRESS, address.data, address.length);
	netlink_attribute(&request, IFA_FLAGS, &flags, sizeof(flags));
	error = netlink_call(&request);
	reply_done(reply, error, "add an address to device %u", ifindex);
}
