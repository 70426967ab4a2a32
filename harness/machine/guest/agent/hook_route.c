// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/lwtunnel.h>
#include <linux/seg6_local.h>

#include "hook_made.h"
#include "netlink.h"
#include "netns.h"

/* Addresses for documentation: 198.51.100.1 (RFC 5737), 2001:db8::1 (RFC 3849). */
static const uint8_t ipv4[4] = { 198, 51, 100, 1 };
static const uint8_t ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

static void describe(struct netlink_request *request, uint16_t type, uint16_t flags, bool six, uint32_t ifindex)
{
	struct rtmsg *route = netlink_begin(request, type, flags, sizeof(*route));
	size_t size = six ? sizeof(ipv6) : sizeof(ipv4);

	route->rtm_family = six ? AF_INET6 : AF_INET;
	route->rtm_dst_len = 8 * size;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = RT_SCOPE_LINK;
	route->rtm_type = RTN_UNICAST;
	netlink_attribute(request, RTA_DST, six ? ipv6 : ipv4, size);
	netlink_attribute(request, RTA_OIF, &ifindex, sizeof(ifindex));
}

/* A program in attribute `type`; LWT_BPF_PROG_* and SEG6_LOCAL_BPF_PROG* have the same numbers. */
static void describe_program(struct netlink_request *request, uint16_t type, int fd)
{
	struct rtattr *nest = netlink_nest(request, type);

	netlink_attribute(request, LWT_BPF_PROG_FD, &fd, sizeof(fd));
	netlink_attribute(request, LWT_BPF_PROG_NAME, "bpfgate", sizeof("bpfgate"));
	netlink_nest_end(request, nest);
}

static uint16_t place(enum bpf_prog_type type)
{
	return type == BPF_PROG_TYPE_LWT_IN ? LWT_BPF_IN : type == BPF_PROG_TYPE_LWT_OUT ? LWT_BPF_OUT : LWT_BPF_XMIT;
}

int attach_route(struct args *args, const struct bpf_program *program, struct attachment *attachment, int unused)
{
	enum bpf_prog_type type = bpf_program__type(program);
	bool seg6 = type == BPF_PROG_TYPE_LWT_SEG6LOCAL;
	uint16_t encap = seg6 ? LWTUNNEL_ENCAP_SEG6_LOCAL : LWTUNNEL_ENCAP_BPF;
	uint32_t ifindex = args_uint(args, "ifindex", INT32_MAX), action = SEG6_LOCAL_ACTION_END_BPF;
	struct netlink_request request;
	struct rtattr *nest;

	(void)unused;
	if (!args_valid(args))
		return -EINVAL;
	describe(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, seg6, ifindex);
	netlink_attribute(&request, RTA_ENCAP_TYPE, &encap, sizeof(encap));
	nest = netlink_nest(&request, RTA_ENCAP);
	if (seg6)
		netlink_attribute(&request, SEG6_LOCAL_ACTION, &action, sizeof(action));
	describe_program(&request, seg6 ? SEG6_LOCAL_BPF : place(type), bpf_program__fd(program));
	netlink_nest_end(&request, nest);
	attachment->kind = ATTACHED_TO_ROUTE;
	attachment->route.ifindex = ifindex;
	attachment->route.netns = netns_current();
	attachment->route.six = seg6;
	return netlink_call(&request);
}

int route_detach(const struct attachment *attachment)
{
	uint32_t before = netns_current();
	int error = netns_enter(attachment->route.netns);
	struct netlink_request request;

	if (error)
		return error;
	describe(&request, RTM_DELROUTE, 0, attachment->route.six, attachment->route.ifindex);
	error = netlink_call(&request);
	netns_enter(before);
	return error;
}
