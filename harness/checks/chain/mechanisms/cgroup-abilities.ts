// SPDX-License-Identifier: Apache-2.0

import { E2BIG, EINVAL, errnoName } from "../../../base/errno.js";
import { UndecidedError } from "../../../base/errors.js";
import { constantProgram } from "../../../machine/guest/bpf-objects.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { attachFlags, BPF_F_QUERY_EFFECTIVE, HookList } from "../hook-list.js";

/**
 * What a kernel's lists of cgroups take besides BPF_F_ALLOW_MULTI. Versions do not tell: 6.12.117
 * has had both brought back to it.
 */
export interface CgroupAbilities {
	/** BPF_F_BEFORE and BPF_F_AFTER; without, a program can only be put behind all others. */
	places: boolean;
	/** BPF_F_PREORDER. */
	preorder: boolean;
}

/**
 * Finds out by trying, on a cgroup of its own: a flag counts as taken when the order is what it
 * asks for.
 *
 * @param programType,attachType of the list, as in `programTypes` and `attachTypes`
 * @throws UndecidedError `cgroup-unknown` when the kernel's answer is neither yes nor no
 */
export async function cgroupAbilities(
	guest: Guest,
	programType: string,
	attachType: string,
): Promise<CgroupAbilities> {
	const { client } = guest;
	const name = "bpfgate-chain-probe";
	const { path } = await client.call("cgroup_add", { name });
	const handles: number[] = [(await client.call("path_open", { path })).handle];
	const list = new HookList(guest, { attachType, target: { handle: handles[0]! } });
	const attach = async (flags: number, relative?: number) => {
		const { errno, handle } = await constantProgram(guest.client, programType, 1, attachType);
		if (handle === undefined) throw undecided("a program that returns 1", errno);
		handles.push(handle);
		const place = relative === undefined ? {} : { relative: { handle: relative } };
		return {
			handle,
			errno: await list.attach({ handle }, { flags: attachFlags.multi | flags, ...place }),
		};
	};
	const executed = async () => (await list.query(BPF_F_QUERY_EFFECTIVE)).listed.map(({ program }) => program);
	try {
		const first = await attach(0);
		if (first.errno !== 0) throw undecided("a program with BPF_F_ALLOW_MULTI", first.errno);
		const [id] = await executed();
		const before = await attach(attachFlags.before, first.handle);
		const places = isTaken(before.errno, "BPF_F_BEFORE") && (await executed())[0] !== id;
		if (before.errno === 0) await list.detach({ handle: before.handle });
		const preorder = await attach(attachFlags.preorder);
		return {
			places,
			preorder: isTaken(preorder.errno, "BPF_F_PREORDER") && (await executed())[0] !== id,
		};
	} finally {
		for (const handle of handles.reverse()) await client.call("close", { handle });
		await client.call("cgroup_del", { name });
	}
}

/** Older kernels know neither the flag (EINVAL) nor the field of the attributes (E2BIG). */
function isTaken(errno: number, what: string): boolean {
	if (errno === 0) return true;
	if (errno === EINVAL || errno === E2BIG) return false;
	throw undecided(`a program with ${what}`, errno);
}

function undecided(what: string, errno: number): UndecidedError {
	return new UndecidedError(
		"cgroup-unknown",
		`the kernel does not take ${what} on a cgroup that was made for it: ${errnoName(errno)}`,
		"this is a defect of bpfgate or of the kernel; report it",
	);
}
