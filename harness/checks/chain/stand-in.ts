// SPDX-License-Identifier: Apache-2.0

import { type ChainHook, chainHooks } from "../../data/package/sections/chain-hooks.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import type { Args } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { DeclaredMember } from "./model/declared-chain.js";

/** A program of bpfgate's own. */
export interface OwnProgram {
	/** `bpf/<object>.bpf.c` */
	object: string;
	program: string;
	/** For its `.rodata.settings`, numbers of 32 bits. */
	settings(verdict: number, member: DeclaredMember): number[];
}

/** A program that only returns its verdict. Programs of cgroups are bound to their hook. */
export function constantStandIn(hook: ChainHook): OwnProgram {
	const program = `stand_in_${hook.startsWith("cgroup_") ? hook : chainHooks[hook].programType}`;
	return { object: "chain-stand-in", program, settings: (verdict) => [verdict] };
}

/** Where a program of bpfgate's own is written in the guest. */
export const ownPath = (object: string) => `/run/bpfgate-${object}.bpf.o`;

/** Writes an object of bpfgate's own into the guest. @returns its path */
export async function writeOwn({ client, kernel }: Guest, object: string): Promise<string> {
	const path = ownPath(object);
	await client.call("file_write", { path, data: await bpfObject(kernel.arch, object) });
	return path;
}

type Target = NonNullable<Args<"object_open">["programs"]>[number]["target"];

/** Loads a program that `writeOwn` has written. `errno` is 0 when it was loaded. */
export async function loadOwn(
	{ client }: Guest,
	{ object: name, program }: Pick<OwnProgram, "object" | "program">,
	settings: readonly number[],
	target?: Target,
): Promise<{ errno: number; held: Held & { handle: number; program: string }; id: number }> {
	const value = new DataView(new ArrayBuffer(settings.length * 4));
	for (const [index, number] of settings.entries()) value.setInt32(index * 4, number, client.littleEndian);
	const { object } = await client.call("object_open", {
		path: ownPath(name),
		maps: [{ name: ".rodata.settings", initial_value: new Uint8Array(value.buffer) }],
		programs: [{ name: program, autoload: true, ...(target ? { target } : {}) }],
	});
	const { errno, programs } = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
	const info = programs.find((each) => each.name === program)?.info;
	return { errno, held: { handle: object, program }, id: info?.id ?? 0 };
}
