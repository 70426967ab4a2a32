// SPDX-License-Identifier: Apache-2.0

import { EINVAL, EOPNOTSUPP, errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import type { Guest } from "../../machine/vm/guest.js";
import { type Direction, onDevice } from "./hook-device.js";
import { HookList } from "./hook-list.js";
import { clsactModules } from "./mechanisms/tc.js";
import type { Sender } from "./packet-traffic.js";

export type Detach = () => Promise<void>;
/** Attaches one program to a hook of a device; undefined where the kernel lacks the hook. */
export type AttachOne = (program: Held & { program: string }) => Promise<Detach | undefined>;

/** In the mode that every driver has (XDP_FLAGS_SKB_MODE). */
export function toXdp({ client }: Guest, device: Sender): AttachOne {
	const at = { ...onDevice(device), mode: "generic" as const };
	return async (program) => {
		const { errno } = await client.call("xdp_set", { ...at, program });
		if (errno === EOPNOTSUPP) return undefined;
		if (errno !== 0) throw undecided("neighbour-refused", { list: "xdp", errno: errnoName(errno) });
		return async () => void (await client.call("xdp_set", at));
	};
}

/** By a link to the list of an attach type: `tcx_ingress`, `netkit_primary`. */
export function byLink(guest: Guest, device: Sender, attachType: string): AttachOne {
	const { ifindex: target, ...netns } = onDevice(device);
	const list = new HookList(guest, { attachType, target, ...netns });
	return async (program) => {
		const { errno, link } = await list.createLink(program);
		if (link !== undefined) return async () => void (await guest.client.call("close", { handle: link }));
		if (errno === EINVAL) return undefined;
		throw undecided("neighbour-refused", { list: attachType, errno: errnoName(errno) });
	};
}

export function toClsact({ client }: Guest, device: Sender, direction: Direction): AttachOne {
	return async ({ handle, program }) => {
		for (const name of clsactModules) {
			const { state } = await client.call("module_load", { name });
			if (state !== "live" && state !== "builtin") return undefined;
		}
		const attached = { object: handle, program, hook: `tc_${direction}`, ...onDevice(device) };
		const { link } = await client.call("attach", attached);
		return async () => void (await client.call("detach", { link }));
	};
}
