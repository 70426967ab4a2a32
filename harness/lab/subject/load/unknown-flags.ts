// SPDX-License-Identifier: Apache-2.0
import { programFlags } from "../../../base/bpf.js";
import { returns } from "../../../base/insn.js";
import type { LoadFlag } from "../../../data/package/manifest/manifest.js";
import { progLoad, tryBpf } from "../../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../../machine/guest/client.js";

/** `prog_flags` of BPF_PROG_LOAD (union bpf_attr). */
const flagsOffset = 44;

/** Asks the kernel whether it loads a program that only returns, with this flag. */
export async function knowsFlag(client: GuestClient, flag: LoadFlag): Promise<boolean> {
	const type = flag === "xdp_has_frags" ? "xdp" : "socket_filter";
	const attr = progLoad(type, returns(0)).u32(flagsOffset, 1 << (programFlags.number(flag) ?? 0));
	return (await tryBpf(client, "prog_load", attr)).errno === 0;
}

/**
 * Those of the flags that the kernel does not know. All kernels from 5.10 on know `sleepable`, and
 * take it for some types only.
 */
export async function unknownFlags(client: GuestClient, flags: readonly LoadFlag[]): Promise<LoadFlag[]> {
	const unknown: LoadFlag[] = [];
	for (const flag of flags) if (flag !== "sleepable" && !(await knowsFlag(client, flag))) unknown.push(flag);
	return unknown;
}
