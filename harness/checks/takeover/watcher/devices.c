// SPDX-License-Identifier: Apache-2.0
/* Devices of this network namespace and their XDP programs. */
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collect.h"
#include "netlink.h"
#include "text.h"

struct reading {
	struct snapshot *to;
	struct devices *devices;
};

static const char *mode_name(unsigned mode)
{
	static const char *const names[] = { "none", "native", "generic", "offload", "multi" };

	return mode < sizeof(names) / sizeof(*names) ? names[mode] : "unknown";
}

static void add_xdp(struct snapshot *to, const char *where, const struct rtattr *xdp)
{
	const struct rtattr *table[IFLA_XDP_HW_PROG_ID + 1];
	struct text value = { 0 };
	unsigned mode = 0;

	netlink_attributes(RTA_DATA(xdp), RTA_PAYLOAD(xdp), table, IFLA_XDP_HW_PROG_ID + 1);
	if (table[IFLA_XDP_ATTACHED])
		mode = *(const uint8_t *)RTA_DATA(table[IFLA_XDP_ATTACHED]);
	if (mode == XDP_ATTACHED_NONE)
		return;
	text_add(&value, "{\"mode\":\"%s\",\"program\":%u", mode_name(mode), netlink_u32(table[IFLA_XDP_PROG_ID]));
	if (mode == XDP_ATTACHED_MULTI)
		text_add(&value, ",\"native\":%u,\"generic\":%u,\"offload\":%u", netlink_u32(table[IFLA_XDP_DRV_PROG_ID]),
			 netlink_u32(table[IFLA_XDP_SKB_PROG_ID]), netlink_u32(table[IFLA_XDP_HW_PROG_ID]));
	text_add(&value, "}");
	snapshot_add(to, GROUP_DEVICES, "xdp", where, value.bytes);
	free(value.bytes);
}

static void add_device(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct rtattr *table[IFLA_XDP + 1], *kind[IFLA_INFO_KIND + 1] = { 0 };
	struct reading *reading = context;
	struct text value = { 0 };
	struct device *device;
	char where[64];

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return;
	netlink_attributes(IFLA_RTA(info), IFLA_PAYLOAD(message), table, IFLA_XDP + 1);
	if (!table[IFLA_IFNAME])
		return;
	reading->devices->list = checked(realloc(reading->devices->list, (reading->devices->count + 1) * sizeof(*device)));
	device = &reading->devices->list[reading->devices->count++];
	*device = (struct device){ .ifindex = info->ifi_index };
	snprintf(device->name, sizeof(device->name), "%s", (const char *)RTA_DATA(table[IFLA_IFNAME]));
	snprintf(where, sizeof(where), "%s (%u)", device->name, device->ifindex);
	if (table[IFLA_LINKINFO])
		netlink_attributes(RTA_DATA(table[IFLA_LINKINFO]), RTA_PAYLOAD(table[IFLA_LINKINFO]), kind, IFLA_INFO_KIND + 1);
	text_add(&value, "{\"ifindex\":%u,\"type\":", device->ifindex);
	text_string(&value, kind[IFLA_INFO_KIND] ? (const char *)RTA_DATA(kind[IFLA_INFO_KIND]) : "");
	text_add(&value, ",\"address\":\"");
	for (size_t i = 0; table[IFLA_ADDRESS] && i < RTA_PAYLOAD(table[IFLA_ADDRESS]); i++)
		text_add(&value, "%02x", ((const uint8_t *)RTA_DATA(table[IFLA_ADDRESS]))[i]);
	text_add(&value, "\"}");
	snapshot_add(reading->to, GROUP_DEVICES, "device", where, value.bytes);
	free(value.bytes);
	if (table[IFLA_XDP])
		add_xdp(reading->to, where, table[IFLA_XDP]);
}

void collect_devices(struct snapshot *to, struct devices *devices)
{
	struct ifinfomsg all = { .ifi_family = AF_UNSPEC };
	struct reading reading = { .to = to, .devices = devices };

	netlink_dump(RTM_GETLINK, &all, sizeof(all), add_device, &reading);
}
