// SPDX-License-Identifier: Apache-2.0
import type { ChainHook } from "../../data/package/sections/chain-hooks.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { Sender } from "./packet-traffic.js";

/** The device that has the hook, and where to send from so that packets pass it. */
export interface HookDevice {
	ifindex: number;
	/** Handle of its namespace; default: the guest's first. */
	netns?: number;
	sender: Sender;
	/** Both ends of a veth pair; the inside one is in the namespace `netns`. */
	pair?: { outside: { ifindex: number }; inside: { ifindex: number; netns: number } };
	/** Kind of the device; `lo` where the kernel has no veth. */
	kind: "veth" | "netkit" | "lo";
	close(): Promise<void>;
}

export type Direction = "ingress" | "egress";

/** Direction of the packets that pass a hook of xdp, tc or tcx. */
export function directionOf(hook: ChainHook): Direction {
	return hook.endsWith("egress") ? "egress" : "ingress";
}

const loopback = 1;

/**
 * A veth pair with the hook's end in its own namespace. Kernels without modules have no veth: there
 * it is `lo`, where a sent packet passes both egress and ingress.
 * @param direction of the packets that pass the hook
 */
export async function hookDevice(guest: Guest, direction: Direction): Promise<HookDevice> {
	const { client } = guest;
	const { state } = await client.call("module_load", { name: "veth" });
	if (state !== "live" && state !== "builtin") {
		const close = async () => {};
		return { ifindex: loopback, sender: { ifindex: loopback }, kind: "lo", close };
	}
	const { netns } = await client.call("netns_add", {});
	const made = await client.call("netdev_add", {
		...{ kind: "veth", name: "chain0", address: Buffer.from([2, 0, 0, 0, 0, 1]), up: true },
		...{ peer: "chain1", peer_address: Buffer.from([2, 0, 0, 0, 0, 2]), peer_netns: netns },
	});
	const outside = { ifindex: made.ifindex };
	const inside = { ifindex: made.peer_ifindex!, netns };
	const close = async () => {
		await client.call("netdev_del", { name: "chain0" });
		await client.call("close", { handle: netns });
	};
	const hook = direction === "ingress" ? inside : outside;
	return { ...hook, sender: outside, kind: "veth", close, pair: { outside, inside } };
}

/**
 * A netkit pair: packets out of the primary pass `netkit_primary`, those of the peer `netkit_peer`.
 * Kernel: `netkit_dev_fetch` and `netkit_xmit` of drivers/net/netkit.c.
 */
export async function netkitDevice(guest: Guest, end: "primary" | "peer"): Promise<HookDevice> {
	const { client } = guest;
	const { netns } = await client.call("netns_add", {});
	const made = await client.call("netdev_add", {
		...{ kind: "netkit", name: "chain0", up: true, peer: "chain1", peer_netns: netns },
	});
	const primary = { ifindex: made.ifindex };
	const close = async () => {
		await client.call("netdev_del", { name: "chain0" });
		await client.call("close", { handle: netns });
	};
	const from = end === "primary" ? primary : { ifindex: made.peer_ifindex!, netns };
	return { ...primary, sender: from, kind: "netkit", close };
}

/** A device as operations of the agent name it. */
export function onDevice({ ifindex, netns }: Sender): Sender {
	return { ifindex, ...(netns === undefined ? {} : { netns }) };
}
