// SPDX-License-Identifier: Apache-2.0

import type { ChainHook } from "../../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { type AttachOne, byLink, type Detach, toClsact } from "../hook-attachment.js";
import { directionOf, type HookDevice, hookDevice, netkitDevice, onDevice } from "../hook-device.js";

/** A device, and how the root program of a chain of tail calls is attached to it. */
export interface RootHook {
	device: HookDevice;
	attach(program: Held & { program: string }): Promise<Detach>;
}

/** What the hook needs, as in `kernels.requires`; of several lists one as a whole. */
function needs(hook: ChainHook): string[][] {
	if (hook === "xdp") return [["program_type:xdp"]];
	if (!hook.startsWith("tc_")) return [[`attach_type:${hook}`]];
	return [["module:sch_ingress", "module:cls_bpf"], [`attach_type:${hook.replace("tc_", "tcx_")}`]];
}

/** Why the kernel lacks the hook; undefined when it has it. */
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

/** The tc hooks: a filter of clsact, or a link of tcx on kernels without the modules of clsact. */
export async function rootHook(hook: ChainHook, guest: Guest): Promise<RootHook> {
	if (hook === "netkit_primary" || hook === "netkit_peer") {
		const device = await netkitDevice(guest, hook === "netkit_peer" ? "peer" : "primary");
		return { device, attach: firstOf(byLink(guest, device, hook)) };
	}
	const direction = directionOf(hook);
	const device = await hookDevice(guest, direction);
	if (hook === "xdp") return { device, attach: asXdp(guest, device) };
	const asTcx = byLink(guest, device, `tcx_${direction}`);
	if (hook.startsWith("tcx_")) return { device, attach: firstOf(asTcx) };
	return { device, attach: firstOf(toClsact(guest, device, direction), asTcx) };
}

/** The first of several ways that the kernel has. */
function firstOf(...ways: AttachOne[]): RootHook["attach"] {
	return async (program) => {
		for (const attach of ways) {
			const detach = await attach(program);
			if (detach) return detach;
		}
		throw new Error(`the kernel has no hook for the root program ${program.program}`);
	};
}

function asXdp({ client }: Guest, device: HookDevice): RootHook["attach"] {
	return async ({ handle, program }) => {
		const at = { object: handle, program, hook: "xdp", ...onDevice(device) };
		const { link } = await client.call("attach", at);
		return async () => void (await client.call("detach", { link }));
	};
}
