// SPDX-License-Identifier: Apache-2.0
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <string.h>

#include "netlink.h"
#include "operation.h"

struct filters {
	struct reply *reply;
	uint32_t count;
};

struct filter {
	const char *kind;
	const char *name;
	uint32_t program;
	uint32_t flags;
};

static void read_options(const struct rtattr *options, struct filter *filter)
{
	int left = RTA_PAYLOAD(options);

	for (const struct rtattr *at = RTA_DATA(options); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type == TCA_BPF_ID)
			memcpy(&filter->program, RTA_DATA(at), sizeof(uint32_t));
		else if (at->rta_type == TCA_BPF_FLAGS)
			memcpy(&filter->flags, RTA_DATA(at), sizeof(uint32_t));
		else if (at->rta_type == TCA_BPF_NAME)
			filter->name = RTA_DATA(at);
	}
}

/* The kernel dumps each pref once by itself, with handle 0, and once for each of its filters. */
static void add_filter(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	int left = (int)message->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*tc));
	struct filter filter = { .kind = "" };
	struct filters *filters = context;

	if (message->nlmsg_type != RTM_NEWTFILTER || left < 0 || tc->tcm_handle == 0)
		return;
	for (const struct rtattr *at = TCA_RTA(tc); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type == TCA_KIND)
			filter.kind = RTA_DATA(at);
		else if (at->rta_type == TCA_OPTIONS && strcmp(filter.kind, "bpf") == 0)
			read_options(at, &filter);
	}
	reply_map(filters->reply, 4 + (filter.program != 0) + (filter.name != NULL));
	reply_key_uint(filters->reply, "pref", tc->tcm_info >> 16);
	reply_key_uint(filters->reply, "handle", tc->tcm_handle);
	reply_key_string(filters->reply, "kind", filter.kind);
	reply_key_bool(filters->reply, "direct_action", filter.flags & TCA_BPF_FLAG_ACT_DIRECT);
	if (filter.program)
		reply_key_uint(filters->reply, "program", filter.program);
	if (filter.name)
		reply_key_string(filters->reply, "name", filter.name);
	filters->count++;
}

void op_tc_filters(struct args *args, struct reply *reply)
{
	uint32_t ifindex = args_uint(args, "ifindex", INT32_MAX);
	bool egress = args_bool_or(args, "egress", false);
	struct filters filters = { .reply = reply };
	struct netlink_request request;
	struct tcmsg *tc;
	size_t array;
	int error;

	if (!args_valid(args))
		return;
	tc = netlink_begin(&request, RTM_GETTFILTER, NLM_F_DUMP, sizeof(*tc));
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	reply_map(reply, 1);
	reply_key(reply, "filters");
	array = reply_array_begin(reply);
	error = netlink_dump(&request, add_filter, &filters);
	if (error)
		reply_fail(reply, error, "filters of device %u", ifindex);
	else
		reply_array_end(reply, array, filters.count);
}
