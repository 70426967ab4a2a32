// SPDX-License-Identifier: Apache-2.0

import { attachTypes, programTypes } from "../../base/bpf.js";
import { errnoName } from "../../base/errno.js";
import { BpfAttr, bpf, type Held } from "../../machine/features/syscall.js";
import type { Guest } from "../../machine/vm/guest.js";

type GuestPart = Pick<Guest, "client" | "kernel">;

/**
 * Of struct bpf_prog_info up to `run_cnt` (include/uapi/linux/bpf.h), which kernels have since 5.1.
 */
const infoBytes = 208;
const idAt = 4;
const runCountAt = 200;
const BPF_STATS_RUN_TIME = 0;

const littleEndian = ({ kernel }: GuestPart) => kernel.arch !== "s390x";

/** How often a program has run while statistics were on. Tail calls and freplace do not count. */
export async function runCount(guest: GuestPart, program: Held): Promise<number> {
	const info = await programInfo(guest, program);
	return Number(info.getBigUint64(runCountAt, littleEndian(guest)));
}

/** The kernel's number of a program. */
export async function programId(guest: GuestPart, program: Held): Promise<number> {
	const info = await programInfo(guest, program);
	return info.getUint32(idAt, littleEndian(guest));
}

/** BPF_OBJ_GET_INFO_BY_FD: struct bpf_prog_info. */
async function programInfo(guest: GuestPart, program: Held): Promise<DataView> {
	const attr = new BpfAttr(16, littleEndian(guest)).fd(0, program).u32(4, infoBytes);
	const { errno, blobs } = await bpf(
		guest.client,
		"obj_get_info_by_fd",
		attr.pointer(8, new Uint8Array(infoBytes), true),
	);
	if (errno !== 0) throw new Error(`BPF_OBJ_GET_INFO_BY_FD: ${errnoName(errno)}`);
	const [info] = blobs;
	return new DataView(info!.buffer, info!.byteOffset, info!.byteLength);
}

/** BPF_ENABLE_STATS (5.8): programs count their runs until what comes back is closed. */
export async function countRuns(guest: GuestPart): Promise<{ handle: number }> {
	const attr = new BpfAttr(4, littleEndian(guest)).u32(0, BPF_STATS_RUN_TIME);
	const { errno, fd } = await bpf(guest.client, "enable_stats", attr);
	if (fd === undefined) throw new Error(`BPF_ENABLE_STATS: ${errnoName(errno)}`);
	return { handle: fd };
}

/**
 * BPF_PROG_LOAD of a program that only returns a number. Two instructions: where many are needed.
 *
 * @param attachType where the type of program alone does not say it
 */
export async function constantProgram(
	guest: GuestPart,
	type: string,
	verdict: number,
	attachType?: string,
): Promise<{ errno: number; handle?: number }> {
	const little = littleEndian(guest);
	const code = new DataView(new ArrayBuffer(16));
	// mov64 r0, verdict; exit (linux/bpf_common.h).
	code.setUint8(0, 0xb7);
	code.setInt32(4, verdict, little);
	code.setUint8(8, 0x95);
	const attr = new BpfAttr(72, little).u32(0, programTypes.number(type) ?? 0).u32(4, 2);
	attr.pointer(8, new Uint8Array(code.buffer)).pointer(16, Buffer.from("Dual BSD/GPL\0"));
	if (attachType !== undefined) attr.u32(68, attachTypes.number(attachType) ?? 0);
	const { errno, fd } = await bpf(guest.client, "prog_load", attr);
	return fd === undefined ? { errno } : { errno, handle: fd };
}
