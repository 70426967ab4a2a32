// SPDX-License-Identifier: Apache-2.0
/* clsact qdiscs and their filters. */
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "netlink.h"
#include "text.h"

struct reading {
	struct snapshot *to;
	struct devices *devices;
	const struct device *device;
	const char *direction;
};

static void add_qdisc(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	const struct rtattr *table[TCA_KIND + 1];
	struct reading *reading = context;

	if (message->nlmsg_type != RTM_NEWQDISC)
		return;
	netlink_attributes(TCA_RTA(tc), TCA_PAYLOAD(message), table, TCA_KIND + 1);
	for (size_t i = 0; table[TCA_KIND] && i < reading->devices->count; i++) {
		struct device *device = &reading->devices->list[i];
		const char *kind = RTA_DATA(table[TCA_KIND]);
		char where[64];

		if (device->ifindex != (uint32_t)tc->tcm_ifindex || (strcmp(kind, "clsact") && strcmp(kind, "ingress")))
			continue;
		device->clsact = true;
		snprintf(where, sizeof(where), "%s (%u) %s", device->name, device->ifindex, kind);
		snapshot_add(reading->to, GROUP_TC, "tc", where, "{\"qdisc\":true}");
	}
}

static void add_filter(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	const struct rtattr *table[TCA_OPTIONS + 1], *bpf[TCA_BPF_ID + 1] = { 0 };
	struct reading *reading = context;
	struct text value = { 0 };
	char where[96];

	/* A filter without a handle stands for its chain. */
	if (message->nlmsg_type != RTM_NEWTFILTER || tc->tcm_handle == 0)
		return;
	netlink_attributes(TCA_RTA(tc), TCA_PAYLOAD(message), table, TCA_OPTIONS + 1);
	if (!table[TCA_KIND])
		return;
	snprintf(where, sizeof(where), "%s (%u) %s pref %u handle %#x", reading->device->name, reading->device->ifindex,
		 reading->direction, tc->tcm_info >> 16, tc->tcm_handle);
	text_add(&value, "{\"filter\":");
	text_string(&value, RTA_DATA(table[TCA_KIND]));
	if (!strcmp(RTA_DATA(table[TCA_KIND]), "bpf") && table[TCA_OPTIONS]) {
		netlink_attributes(RTA_DATA(table[TCA_OPTIONS]), RTA_PAYLOAD(table[TCA_OPTIONS]), bpf, TCA_BPF_ID + 1);
		text_add(&value, ",\"program\":%u,\"direct\":%s", netlink_u32(bpf[TCA_BPF_ID]),
			 netlink_u32(bpf[TCA_BPF_FLAGS]) & TCA_BPF_FLAG_ACT_DIRECT ? "true" : "false");
	}
	text_add(&value, "}");
	snapshot_add(reading->to, GROUP_TC, "tc", where, value.bytes);
	free(value.bytes);
}

void collect_tc(struct snapshot *to, struct devices *devices)
{
	static const struct {
		uint32_t parent;
		const char *name;
	} directions[] = {
		{ TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), "ingress" },
		{ TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), "egress" },
	};
	struct reading reading = { .to = to, .devices = devices };
	struct tcmsg ask = { 0 };

	netlink_dump(RTM_GETQDISC, &ask, sizeof(ask), add_qdisc, &reading);
	for (size_t i = 0; i < devices->count; i++) {
		reading.device = &devices->list[i];
		for (int j = 0; reading.device->clsact && j < 2; j++) {
			reading.direction = directions[j].name;
			ask = (struct tcmsg){ .tcm_ifindex = reading.device->ifindex, .tcm_parent = directions[j].parent };
			netlink_dump(RTM_GETTFILTER, &ask, sizeof(ask), add_filter, &reading);
		}
	}
}
