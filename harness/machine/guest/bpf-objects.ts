// SPDX-License-Identifier: Apache-2.0

import { attachTypes } from "../../base/bpf.js";
import { ENOENT, errnoName } from "../../base/errno.js";
import { returns } from "../../base/insn.js";
import { StructBytes, StructView } from "../../base/struct.js";
import { Btf } from "../../data/package/btf/btf.js";
import { BpfAttr, type Held } from "./bpf-attr.js";
import { bpf, objInfo, progLoad } from "./bpf-call.js";
import { readElement } from "./bpf-maps.js";
import type { GuestClient } from "./client.js";
import type { Result } from "./operations.js";

/** struct bpf_prog_info (include/uapi/linux/bpf.h): offsets; size up to `run_cnt` (5.1). */
export const progInfo = {
	bytes: 208,
	id: 4,
	tag: 8,
	codeBytes: 16,
	insnBytes: 20,
	code: 24,
	insns: 32,
	mapCount: 52,
	mapIds: 56,
	btf: 128,
	functionBytes: 132,
	functionList: 136,
	functions: 144,
	runCount: 200,
} as const;
const btfInfo = { bytes: 16, size: 8 } as const;
const functionRecord = 8;
const BPF_STATS_RUN_TIME = 0;

type Kind = "prog" | "map" | "link" | "btf";

/** BPF_{PROG,MAP,LINK,BTF}_GET_FD_BY_ID: a handle for the caller to close, or undefined. */
export async function openById(client: GuestClient, kind: Kind, id: number): Promise<number | undefined> {
	const result = await bpf(client, `${kind}_get_fd_by_id`, new BpfAttr(12).u32(0, id));
	return opened(`BPF_${kind.toUpperCase()}_GET_FD_BY_ID`, result);
}

/** Opens, runs `action` and closes; undefined if there is no such id. */
export async function withId<T>(
	client: GuestClient,
	kind: Kind,
	id: number,
	action: (handle: number) => Promise<T>,
): Promise<T | undefined> {
	const handle = await openById(client, kind, id);
	if (handle === undefined) return undefined;
	try {
		return await action(handle);
	} finally {
		await client.call("close", { handle });
	}
}

/** As `objInfo`. @throws Error when the kernel refuses */
export async function infoOf(
	client: GuestClient,
	held: Held,
	info: StructBytes | number,
	list?: { offset: number; bytes: number },
): Promise<{ info: StructView; list: StructView }> {
	const answer = await objInfo(client, held, info, list);
	done("BPF_OBJ_GET_INFO_BY_FD", answer);
	return answer;
}

export async function programId(client: GuestClient, program: Held): Promise<number> {
	const { info } = await infoOf(client, program, progInfo.bytes);
	return info.u32(progInfo.id);
}

/** The digest of a program's instructions, in hex. */
export async function programTag(client: GuestClient, program: Held): Promise<string> {
	const { info } = await infoOf(client, program, progInfo.bytes);
	return Buffer.from(info.bytes.subarray(progInfo.tag, progInfo.tag + 8)).toString("hex");
}

/** Machine code of a program, calls that were patched into it included; empty without a JIT. */
export async function programCode(client: GuestClient, program: Held): Promise<Uint8Array> {
	const { info: sizes } = await infoOf(client, program, progInfo.bytes);
	const bytes = sizes.u32(progInfo.codeBytes);
	const wanted = new StructBytes(progInfo.bytes).u32(progInfo.codeBytes, bytes);
	const { list } = await infoOf(client, program, wanted, { offset: progInfo.code, bytes });
	return list.bytes;
}

/** Instructions of a program after the verifier's changes; maps in them are named by their ids. */
export async function programInsns(client: GuestClient, program: Held): Promise<Uint8Array> {
	const { info: sizes } = await infoOf(client, program, progInfo.bytes);
	const bytes = sizes.u32(progInfo.insnBytes);
	const wanted = new StructBytes(progInfo.bytes).u32(progInfo.insnBytes, bytes);
	const { list } = await infoOf(client, program, wanted, { offset: progInfo.insns, bytes });
	return list.bytes;
}

/** Number of runs of a program while statistics were on, without tail calls and freplace. */
export async function runCount(client: GuestClient, program: Held): Promise<number> {
	const { info } = await infoOf(client, program, progInfo.bytes);
	return Number(info.u64(progInfo.runCount));
}

/** BPF_ENABLE_STATS (5.8): the kernel counts runs of programs until the handle is closed. */
export async function countRuns(client: GuestClient): Promise<{ handle: number }> {
	const result = await bpf(client, "enable_stats", new BpfAttr(4).u32(0, BPF_STATS_RUN_TIME));
	if (result.fd === undefined) throw new Error(`BPF_ENABLE_STATS: ${errnoName(result.errno)}`);
	return { handle: result.fd };
}

/** BTF of a program or map, by its id. */
export function btfById(client: GuestClient, id: number): Promise<Btf | undefined> {
	return withId(client, "btf", id, async (handle) => {
		const { info: sizes } = await infoOf(client, { handle }, btfInfo.bytes);
		const bytes = sizes.u32(btfInfo.size);
		const info = new StructBytes(btfInfo.bytes).u32(btfInfo.size, bytes);
		const { list } = await infoOf(client, { handle }, info, { offset: 0, bytes });
		return new Btf(`BTF ${id} of the guest`, list.bytes);
	});
}

/** Full name of a program's main function, from its BTF; undefined without BTF. */
export async function mainFunction(client: GuestClient, program: number): Promise<string | undefined> {
	const wanted = new StructBytes(progInfo.bytes)
		.u32(progInfo.functions, 1)
		.u32(progInfo.functionBytes, functionRecord);
	const memory = { offset: progInfo.functionList, bytes: functionRecord };
	const { info, list } = await infoOf(client, { handle: program }, wanted, memory);
	if (info.u32(progInfo.functions) === 0) return undefined;
	const btf = await btfById(client, info.u32(progInfo.btf));
	// struct bpf_func_info: insn_off, type_id.
	return btf?.name(list.u32(4));
}

/** An array's first element. @throws Error when the kernel refuses */
export async function firstElement(client: GuestClient, map: number, bytes: number): Promise<StructView> {
	const { value } = done("BPF_MAP_LOOKUP_ELEM", await readElement(client, map, bytes));
	return new StructView(value, client.littleEndian);
}

/** The link ids above `after`, ascending (BPF_LINK_GET_NEXT_ID). */
export async function linkIds(client: GuestClient, after: number): Promise<number[]> {
	const ids: number[] = [];
	for (;;) {
		const attr = new BpfAttr(12).u32(0, ids.at(-1) ?? after);
		const result = await bpf(client, "link_get_next_id", attr);
		if (result.errno === ENOENT) return ids;
		const { attr: answer } = done("BPF_LINK_GET_NEXT_ID", result);
		ids.push(new StructView(answer, client.littleEndian).u32(4));
	}
}

/** BPF_OBJ_GET: a handle, which the caller closes; undefined if nothing is pinned there. */
export async function openPin(client: GuestClient, path: string): Promise<number | undefined> {
	const result = await bpf(client, "obj_get", new BpfAttr(16).pointer(0, Buffer.from(`${path}\0`)));
	return opened(`BPF_OBJ_GET of ${path}`, result);
}

/** BPF_OBJ_PIN. @returns errno */
export async function pin(client: GuestClient, held: Held, path: string): Promise<number> {
	const attr = new BpfAttr(16).pointer(0, Buffer.from(`${path}\0`)).fd(8, held);
	return (await bpf(client, "obj_pin", attr)).errno;
}

/** BPF_PROG_LOAD of a program that only returns a number. @param attachType if not implied */
export async function constantProgram(
	client: GuestClient,
	type: string,
	verdict: number,
	attachType?: string,
): Promise<{ errno: number; handle?: number }> {
	const attr = progLoad(type, returns(verdict), 72);
	if (attachType !== undefined) attr.u32(68, attachTypes.number(attachType) ?? 0);
	const { errno, fd } = await bpf(client, "prog_load", attr);
	return fd === undefined ? { errno } : { errno, handle: fd };
}

function opened(call: string, { errno, fd }: Result<"bpf">): number | undefined {
	if (errno === ENOENT) return undefined;
	if (fd === undefined) throw new Error(`${call}: ${errnoName(errno)}`);
	return fd;
}

function done<T extends { errno: number }>(call: string, result: T): T {
	if (result.errno !== 0) throw new Error(`${call}: ${errnoName(result.errno)}`);
	return result;
}
