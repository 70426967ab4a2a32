// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

#include "netlink.h"
#include "operation.h"

/* Attribute of IFLA_INFO_DATA that describes the other end, for kinds that come in pairs; 0 for the rest. */
static uint16_t peer_attribute(const char *kind)
{
	if (strcmp(kind, "veth") == 0)
		return VETH_INFO_PEER;
	if (strcmp(kind, "netkit") == 0)
		return IFLA_NETKIT_PEER_INFO;
	return 0;
}

static int set_up(const char *name)
{
	struct netlink_request request;
	struct ifinfomsg *device = netlink_begin(&request, RTM_NEWLINK, 0, sizeof(*device));

	device->ifi_flags = IFF_UP;
	device->ifi_change = IFF_UP;
	netlink_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_call(&request);
}

static void describe_peer(struct netlink_request *request, const char *kind, const char *peer)
{
	struct rtattr *data = netlink_nest(request, IFLA_INFO_DATA);
	struct rtattr *info = netlink_nest(request, peer_attribute(kind));

	netlink_reserve(request, sizeof(struct ifinfomsg));
	netlink_attribute(request, IFLA_IFNAME, peer, strlen(peer) + 1);
	netlink_nest_end(request, info);
	netlink_nest_end(request, data);
}

static int create(const char *kind, const char *name, const char *peer)
{
	struct netlink_request request;
	struct rtattr *link;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	netlink_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
	link = netlink_nest(&request, IFLA_LINKINFO);
	netlink_attribute(&request, IFLA_INFO_KIND, kind, strlen(kind));
	if (peer)
		describe_peer(&request, kind, peer);
	netlink_nest_end(&request, link);
	return netlink_call(&request);
}

static bool is_device_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < IFNAMSIZ;
}

void op_netdev_add(struct args *args, struct reply *reply)
{
	const char *kind = args_string(args, "kind");
	const char *name = args_string(args, "name");
	const char *peer = args_string_or_null(args, "peer");
	bool up = args_bool_or(args, "up", false);
	int error;

	if (strlen(kind) > 32)
		args_complain(args, "kind", "is no kind of device");
	if (!is_device_name(name))
		args_complain(args, "name", "is no device name");
	if (peer && (!is_device_name(peer) || !peer_attribute(kind)))
		args_complain(args, "peer", "is no device name, or the kind has no peer");
	if (!args_valid(args))
		return;
	error = create(kind, name, peer);
	/* A veth cannot be up before its peer is there, so not at once. */
	if (!error && up)
		error = set_up(name);
	if (!error && up && peer)
		error = set_up(peer);
	if (error) {
		reply_fail(reply, error, "add %s device %s", kind, name);
		return;
	}
	reply_map(reply, peer ? 2 : 1);
	reply_key_uint(reply, "ifindex", if_nametoindex(name));
	if (peer)
		reply_key_uint(reply, "peer_ifindex", if_nametoindex(peer));
}

void op_netdev_del(struct args *args, struct reply *reply)
{
	const char *name = args_string(args, "name");
	struct netlink_request request;
	int error;

	if (!is_device_name(name))
		args_complain(args, "name", "is no device name");
	if (!args_valid(args))
		return;
	netlink_begin(&request, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	netlink_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
	error = netlink_call(&request);
	if (error)
		reply_fail(reply, error, "delete device %s", name);
	else
		reply_map(reply, 0);
}
