// SPDX-License-Identifier: Apache-2.0

import { StructBytes } from "../../base/struct.js";
import type { GuestClient } from "./client.js";

/** Numbers of uapi/linux/rtnetlink.h, if_link.h, pkt_sched.h and veth.h. */
const RTM = { NEWLINK: 16, DELLINK: 17, DELQDISC: 37 } as const;
const NLM_F_CREATE_EXCL = 0x600;
const IFLA = { IFNAME: 3, LINKINFO: 18, NET_NS_FD: 28 } as const;
const IFLA_INFO = { KIND: 1, DATA: 2 } as const;
const VETH_INFO_PEER = 1;
const TC_H_CLSACT = 0xfffffff1;
const IFF_UP = 1;

/** A device: its index in the network namespace `netns`, by default the guest's first. */
export interface DeviceAt {
	ifindex: number;
	netns?: number;
}

/** Deletes the clsact qdisc of a device, with all filters of both directions. @returns errno */
export function deleteClsact(client: GuestClient, { ifindex, netns }: DeviceAt): Promise<number> {
	const tcmsg = new StructBytes(20).u32(4, ifindex).u32(8, 0xffff0000).u32(12, TC_H_CLSACT);
	return request(client, RTM.DELQDISC, tcmsg.bytes(client.littleEndian), { netns });
}

/** Moves a device into another network namespace, where it is down. @returns errno */
export function moveDevice(client: GuestClient, { ifindex, netns }: DeviceAt, to: number): Promise<number> {
	const body = Buffer.concat([
		ifinfomsg(client, ifindex),
		attribute(client, IFLA.NET_NS_FD, new Uint8Array(4)),
	]);
	return request(client, RTM.NEWLINK, body, { netns, handles: [{ offset: 20, handle: to }] });
}

/** Brings a device up. @returns errno */
export function setUp(client: GuestClient, { ifindex, netns }: DeviceAt): Promise<number> {
	return request(client, RTM.NEWLINK, ifinfomsg(client, ifindex, IFF_UP), { netns });
}

/** Deletes a device by its index. @returns errno */
export function deleteDevice(client: GuestClient, { ifindex, netns }: DeviceAt): Promise<number> {
	return request(client, RTM.DELLINK, ifinfomsg(client, ifindex), { netns });
}

/** Creates a veth pair with these indexes and brings both up. @returns errno */
export async function createVeth(
	client: GuestClient,
	device: DeviceAt & { name: string },
	peer: Required<DeviceAt> & { name: string },
): Promise<number> {
	const name = (text: string) => attribute(client, IFLA.IFNAME, Buffer.from(`${text}\0`));
	const peerNetns = attribute(client, IFLA.NET_NS_FD, new Uint8Array(4));
	// The file descriptor is the end of the last, innermost attribute, and so of the message.
	const info = Buffer.concat([ifinfomsg(client, peer.ifindex), name(peer.name), peerNetns]);
	const data = attribute(client, IFLA_INFO.DATA, attribute(client, VETH_INFO_PEER, info));
	const kind = attribute(client, IFLA_INFO.KIND, Buffer.from("veth\0"));
	const body = Buffer.concat([
		...[ifinfomsg(client, device.ifindex), name(device.name)],
		attribute(client, IFLA.LINKINFO, Buffer.concat([kind, data])),
	]);
	const handles = [{ offset: body.length - 4, handle: peer.netns }];
	const { netns } = device;
	const errno = await request(client, RTM.NEWLINK, body, { netns, handles, flags: NLM_F_CREATE_EXCL });
	return errno || (await setUp(client, device)) || setUp(client, peer);
}

function ifinfomsg(client: GuestClient, ifindex: number, flags = 0): Uint8Array {
	return new StructBytes(16).u32(4, ifindex).u32(8, flags).u32(12, flags).bytes(client.littleEndian);
}

/** struct rtattr with its data, padded to 4 bytes. */
function attribute(client: GuestClient, type: number, data: Uint8Array): Uint8Array {
	const header = new StructBytes(4)
		.u16(0, 4 + data.length)
		.u16(2, type)
		.bytes(client.littleEndian);
	return Buffer.concat([header, data, new Uint8Array(-data.length & 3)]);
}

interface More {
	netns?: number | undefined;
	flags?: number;
	handles?: { offset: number; handle: number }[];
}

async function request(client: GuestClient, type: number, body: Uint8Array, more: More): Promise<number> {
	const { netns, ...rest } = more;
	const { errno } = await client.call("rtnetlink", {
		...{ type, body, ...rest },
		...(netns === undefined ? {} : { netns }),
	});
	return errno;
}
