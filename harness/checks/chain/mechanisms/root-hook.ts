// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import type { ChainHook } from "../../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { type HookDevice, hookDevice, netkitDevice } from "../devices.js";
import { HookList } from "../hook-list.js";
import type { Neighbourhood } from "./neighbours.js";
import { clsactList, tcxList, xdpList } from "./other-lists.js";

const XDP_PASS = 2;
/** TCX_PASS, TCX_DROP, TCX_REDIRECT: all else is TCX_NEXT to the kernel (`tcx_action_code`). */
const tcxActions = new Set([0, 2, 7]);

/** A device, and how the one program that calls all others is put on its hook. */
export interface RootHook {
	device: HookDevice;
	/** Alone; what comes back takes it off. */
	attach(program: Held & { program: string }): Promise<() => Promise<void>>;
	around: Neighbourhood;
}

/**
 * What the hook needs, in the words of `kernels.requires`; of several lists the kernel has to have
 * all of one.
 */
function needs(hook: ChainHook): string[][] {
	if (hook === "xdp") return [["program_type:xdp"]];
	if (!hook.startsWith("tc_")) return [[`attach_type:${hook}`]];
	return [["module:sch_ingress", "module:cls_bpf"], [`attach_type:${hook.replace("tc_", "tcx_")}`]];
}

/** Why the kernel has not got the hook; undefined when it has. */
export async function rootLack(hook: ChainHook, bench: Workbench): Promise<Lack | undefined> {
	let first: Lack | undefined;
	for (const alternative of needs(hook)) {
		let lack: Lack | undefined;
		for (const need of alternative) lack ??= await bench.lack(need);
		if (!lack) return undefined;
		first ??= lack;
	}
	return first;
}

/**
 * On the tc hooks a filter of clsact, or a link of tcx where the kernel came without the modules of
 * the former.
 */
export async function rootHook(hook: ChainHook, guest: Guest): Promise<RootHook> {
	if (hook === "netkit_primary" || hook === "netkit_peer") {
		const device = await netkitDevice(guest, hook === "netkit_peer" ? "peer" : "primary");
		const before = [tcxList(guest, device.sender, "egress")];
		return { device, attach: byLink(guest, device, hook), around: { before, after: [] } };
	}
	const direction = hook.endsWith("egress") ? "egress" : "ingress";
	const device = await hookDevice(guest, direction);
	const [xdp, tcx, clsact] = [
		xdpList(guest, device),
		tcxList(guest, device, direction),
		clsactList(guest, device, direction),
	];
	if (hook === "xdp")
		return {
			...{ device, attach: asXdp(guest, device) },
			around: { before: [], after: [tcx, clsact], passes: (verdict) => verdict === XDP_PASS },
		};
	const outside = direction === "ingress" ? [xdp] : [];
	const asTcx = byLink(guest, device, `tcx_${direction}`);
	if (hook.startsWith("tcx_"))
		return {
			...{ device, attach: asTcx },
			around: { before: outside, after: [clsact], passes: (verdict) => !tcxActions.has(verdict) },
		};
	const attach = async (program: Held & { program: string }) =>
		(await clsact.attach(program)) ?? (await asTcx(program));
	return { device, attach, around: { before: outside, after: [] } };
}

function asXdp({ client }: Guest, device: HookDevice): RootHook["attach"] {
	return async ({ handle, program }) => {
		const at = { object: handle, program, hook: "xdp", ...placeOf(device) };
		const { link } = await client.call("attach", at);
		return async () => void (await client.call("detach", { link }));
	};
}

function byLink(guest: Guest, device: HookDevice, attachType: string): RootHook["attach"] {
	const { ifindex, ...netns } = placeOf(device);
	const list = new HookList(guest, { attachType, target: ifindex, ...netns });
	return async (program) => {
		const { errno, link } = await list.createLink(program);
		if (link === undefined) throw new Error(`BPF_LINK_CREATE of the root: ${errnoName(errno)}`);
		return async () => void (await guest.client.call("close", { handle: link }));
	};
}

function placeOf({ ifindex, netns }: HookDevice): { ifindex: number; netns?: number } {
	return { ifindex, ...(netns === undefined ? {} : { netns }) };
}
