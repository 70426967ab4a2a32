// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

#include "handle.h"
#include "netlink.h"
#include "netns.h"
#include "operation.h"

/*
 * The attribute of IFLA_INFO_DATA that describes the peer, for kinds that come in pairs; 0 for
 * others.
 */
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

/* One device to create. */
struct device {
	const char *name;
	/* Six bytes, or none. */
	struct bytes address;
	/* Handle of its network namespace. */
	uint32_t netns;
};

static void describe(struct netlink_request *request, const struct device *device)
{
	netlink_attribute(request, IFLA_IFNAME, device->name, strlen(device->name) + 1);
	if (device->address.length > 0)
		netlink_attribute(request, IFLA_ADDRESS, device->address.data, device->address.length);
}

static void describe_peer(struct netlink_request *request, const char *kind, const struct device *peer)
{
	struct rtattr *info = netlink_nest(request, peer_attribute(kind));
	struct handle *netns = handle_find(peer->netns, HANDLE_FD);

	netlink_reserve(request, sizeof(struct ifinfomsg));
	describe(request, peer);
	if (netns)
		netlink_attribute(request, IFLA_NET_NS_FD, &netns->fd, sizeof(netns->fd));
	netlink_nest_end(request, info);
}

static int create(const char *kind, const struct device *device, const struct device *peer, bool ethernet)
{
	const uint32_t mode = NETKIT_L2;
	struct netlink_request request;
	struct rtattr *link, *data;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	describe(&request, device);
	link = netlink_nest(&request, IFLA_LINKINFO);
	netlink_attribute(&request, IFLA_INFO_KIND, kind, strlen(kind));
	data = netlink_nest(&request, IFLA_INFO_DATA);
	if (peer)
		describe_peer(&request, kind, peer);
	if (ethernet)
		netlink_attribute(&request, IFLA_NETKIT_MODE, &mode, sizeof(mode));
	netlink_nest_end(&request, data);
	netlink_nest_end(&request, link);
	return netlink_call(&request);
}

static bool is_device_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < IFNAMSIZ;
}

/* `key` is the argument that `name` was read from; `name` may be NULL. */
static struct device device_argument(struct args *args, const char *key, const char *name, const char *address,
				     uint32_t netns)
{
	struct device device = {
		.name = name,
		.address = args_bytes_or_none(args, address, ETH_ALEN),
		.netns = netns,
	};

	if (name && !is_device_name(name))
		args_complain(args, key, "is not a device name: expected 1 to %d bytes", IFNAMSIZ - 1);
	if (device.address.length != 0 && device.address.length != ETH_ALEN)
		args_complain(args, address, "has %u bytes, expected %d", device.address.length, ETH_ALEN);
	return device;
}

/* Gets the device's ifindex in its namespace, and brings it up if wanted. 0 or a negative errno. */
static int finish(const struct device *device, bool up, uint32_t *ifindex)
{
	uint32_t before = netns_current();
	int error = netns_enter(device->netns);

	if (error)
		return error;
	if (up)
		error = set_up(device->name);
	*ifindex = if_nametoindex(device->name);
	netns_enter(before);
	return error;
}

void op_netdev_add(struct args *args, struct reply *reply)
{
	const char *kind = args_string(args, "kind");
	uint32_t netns = args_uint_or(args, "peer_netns", UINT32_MAX, netns_current());
	struct device device = device_argument(args, "name", args_string(args, "name"), "address", netns_current());
	struct device peer = device_argument(args, "peer", args_string_or_null(args, "peer"), "peer_address", netns);
	bool up = args_bool_or(args, "up", false);
	bool ethernet = args_bool_or(args, "ethernet", false);
	uint32_t ifindex = 0, peer_ifindex = 0;
	int error;

	if (strlen(kind) > 32)
		args_complain(args, "kind", "is longer than 32 bytes");
	if (peer.name && !peer_attribute(kind))
		args_complain(args, "peer", "is given, but %.32s devices have no peer", kind);
	if (ethernet && strcmp(kind, "netkit") != 0)
		args_complain(args, "ethernet", "is only for netkit");
	if (netns != netns_current() && !handle_find(netns, HANDLE_FD))
		args_complain(args, "peer_netns", "is not a handle");
	if (!args_valid(args))
		return;
	error = create(kind, &device, peer.name ? &peer : NULL, ethernet);
	/* A veth device cannot come up before its peer exists. */
	if (!error)
		error = finish(&device, up, &ifindex);
	if (!error && peer.name)
		error = finish(&peer, up, &peer_ifindex);
	if (error) {
		reply_fail(reply, error, "add %s device %s", kind, device.name);
		return;
	}
	reply_map(reply, peer.name ? 2 : 1);
	reply_key_uint(reply, "ifindex", ifindex);
	if (peer.name)
		reply_key_uint(reply, "peer_ifindex", peer_ifindex);
}

void op_netdev_del(struct args *args, struct reply *reply)
{
	const char *name = args_string(args, "name");
	struct netlink_request request;
	int error;

	if (!is_device_name(name))
		args_complain(args, "name", "is not a device name: expected 1 to %d bytes", IFNAMSIZ - 1);
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
