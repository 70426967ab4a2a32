// SPDX-License-Identifier: Apache-2.0

import { EINVAL, EOPNOTSUPP, errnoName } from "../../../base/errno.js";
import { UndecidedError } from "../../../base/errors.js";
import type { ChainHook } from "../../../data/package/sections/chain-hooks.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { Direction } from "../devices.js";
import { HookList } from "../hook-list.js";
import type { Sender } from "../packet-traffic.js";

const XDP_PASS = 2;
const TCX_NEXT = -1;
const TC_ACT_UNSPEC = -1;

/** A list of programs, other than the chain's, on a device that the chain's packets pass. */
export interface OtherList {
	/** `clsact` */
	name: string;
	/** What a program on it is of. */
	hook: ChainHook;
	/** After which packets go on. */
	verdict: number;
	/**
	 * Puts a program on it; what comes back takes it away. Undefined where the kernel has no such
	 * list.
	 */
	attach(program: Held & { program: string }): Promise<(() => Promise<void>) | undefined>;
}

/** In the manner that every driver has (XDP_FLAGS_SKB_MODE). */
export function xdpList({ client }: Guest, device: Sender): OtherList {
	const at = { ...placeOf(device), mode: "generic" as const };
	return {
		...{ name: "xdp", hook: "xdp", verdict: XDP_PASS },
		async attach(program) {
			const { errno } = await client.call("xdp_set", { ...at, program });
			if (errno === EOPNOTSUPP) return undefined;
			if (errno !== 0) throw refused("xdp", errno);
			return async () => void (await client.call("xdp_set", at));
		},
	};
}

export function tcxList(guest: Guest, device: Sender, direction: Direction): OtherList {
	const { ifindex, ...netns } = placeOf(device);
	const list = new HookList(guest, { attachType: `tcx_${direction}`, target: ifindex, ...netns });
	return {
		...{ name: "tcx", hook: `tcx_${direction}`, verdict: TCX_NEXT },
		async attach(program) {
			const { errno, link } = await list.createLink(program);
			if (link !== undefined) return async () => void (await guest.client.call("close", { handle: link }));
			if (errno === EINVAL) return undefined;
			throw refused("tcx", errno);
		},
	};
}

export function clsactList(guest: Guest, device: Sender, direction: Direction): OtherList {
	const { client } = guest;
	const hook = `tc_${direction}` as const;
	return {
		...{ name: "clsact", hook, verdict: TC_ACT_UNSPEC },
		async attach({ handle, program }) {
			if (!(await hasFilters(guest))) return undefined;
			const attached = { object: handle, program, hook, ...placeOf(device) };
			const { link } = await client.call("attach", attached);
			return async () => void (await client.call("detach", { link }));
		},
	};
}

/**
 * Whether the kernel has the qdisc clsact and filters that are BPF programs, as modules or built
 * in.
 */
async function hasFilters({ client }: Guest): Promise<boolean> {
	for (const name of ["sch_ingress", "cls_bpf"]) {
		const { state } = await client.call("module_load", { name });
		if (state !== "live" && state !== "builtin") return false;
	}
	return true;
}

function placeOf({ ifindex, netns }: Sender): Sender {
	return { ifindex, ...(netns === undefined ? {} : { netns }) };
}

function refused(name: string, errno: number): UndecidedError {
	return new UndecidedError(
		"neighbour-refused",
		`the kernel does not take bpfgate's own program on ${name} of a device that was made for it: ${errnoName(errno)}`,
		"this is a defect of bpfgate or of the kernel; report it",
	);
}
