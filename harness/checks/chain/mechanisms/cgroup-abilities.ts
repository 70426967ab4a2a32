// SPDX-License-Identifier: Apache-2.0

import { E2BIG, EINVAL, errnoName } from "../../../base/errno.js";
import type { UndecidedError } from "../../../base/errors.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import { constantProgram } from "../../../machine/guest/bpf-objects.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { attachFlags, BPF_F_QUERY_EFFECTIVE, HookList } from "../hook-list.js";

/** What cgroup lists support besides BPF_F_ALLOW_MULTI; 6.12.117 has backports of both. */
export interface CgroupAbilities {
	/** BPF_F_BEFORE and BPF_F_AFTER; without them, a program is always attached last. */
	places: boolean;
	/** BPF_F_PREORDER. */
	preorder: boolean;
}

/**
 * Tries on a cgroup of its own whether each flag gives the order that it requests.
 * @throws UndecidedError `cgroup-unknown` when the kernel refuses for another reason
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
		if (handle === undefined) throw unknown("a program that returns 1", errno);
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
		if (first.errno !== 0) throw unknown("a program with BPF_F_ALLOW_MULTI", first.errno);
		const [id] = await executed();
		const before = await attach(attachFlags.before, first.handle);
		const places = isSupported(before.errno, "BPF_F_BEFORE") && (await executed())[0] !== id;
		if (before.errno === 0) await list.detach({ handle: before.handle });
		const preorder = await attach(attachFlags.preorder);
		return {
			places,
			preorder: isSupported(preorder.errno, "BPF_F_PREORDER") && (await executed())[0] !== id,
		};
	} finally {
		for (const handle of handles.reverse()) await client.call("close", { handle });
		await client.call("cgroup_del", { name });
	}
}

/** Older kernels refuse the flag (EINVAL) or the larger attributes (E2BIG). */
function isSupported(errno: number, what: string): boolean {
	if (errno === 0) return true;
	if (errno === EINVAL || errno === E2BIG) return false;
	throw unknown(`a program with ${what}`, errno);
}

function unknown(what: string, errno: number): UndecidedError {
	return undecided("cgroup-unknown", { what, errno: errnoName(errno) });
}
