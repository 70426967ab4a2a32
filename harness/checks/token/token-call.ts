// SPDX-License-Identifier: Apache-2.0

import { attachTypes } from "../../base/bpf.js";
import { errnoName } from "../../base/errno.js";
import { callHelper, type Insn, insn, mov, op, returns } from "../../base/insn.js";
import { BpfAttr, type Held } from "../../machine/guest/bpf-attr.js";
import { bpf, btfLoad, helperNumber, mapCreate, progLoad } from "../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Result } from "../../machine/guest/operations.js";

/** A call of bpf(2) for which the kernel asks a token, with the smallest content that it takes. */
export type TokenCall =
	| { command: "map_create"; map: string }
	| { command: "prog_load"; program: string; attachment: string; does?: keyof typeof helperCalls }
	| { command: "btf_load" }
	| { command: "btf_get_fd_by_id"; id: number };

/**
 * Makes the call as the client's user, with a token that it holds or without one. A refusal is an
 * answer. The kernel checks for EPERM before it looks at a program, and after most checks of a map.
 */
export function tokenCall(client: GuestClient, call: TokenCall, token?: Held): Promise<Result<"bpf">> {
	const { attr, flags, fd } = attrOf(call);
	if (token) attr.flags(flags, BPF_F_TOKEN_FD).fd(fd, token);
	return bpf(client, call.command, attr);
}

/** As `tokenCall`; closes at once what it created. @returns errno, 0 on success */
export async function tryCall(client: GuestClient, call: TokenCall, token?: Held): Promise<number> {
	const { errno, fd } = await tokenCall(client, call, token);
	if (fd !== undefined) await client.call("close", { handle: fd });
	return errno;
}

/** An answer in words: `done`, or the name of the errno. */
export const answerName = (errno: number): string => (errno === 0 ? "done" : errnoName(errno));

/** The same flag for every command that takes a token (include/uapi/linux/bpf.h). */
const BPF_F_TOKEN_FD = 1 << 16;

/** Attributes of a call, and the offsets of its flags and of the token's descriptor. */
interface Call {
	attr: BpfAttr;
	flags: number;
	fd: number;
}

function attrOf(call: TokenCall): Call {
	switch (call.command) {
		case "map_create":
			return { attr: mapOf(call.map), flags: 16, fd: 76 };
		case "prog_load": {
			const attr = progLoad(call.program, call.does ? helperCall(call.does) : returns(0));
			return { attr: attr.u32(68, attachTypes.number(call.attachment) ?? 0), flags: 44, fd: 144 };
		}
		case "btf_load":
			return { attr: btfLoad(), flags: 32, fd: 36 };
		case "btf_get_fd_by_id":
			return { attr: new BpfAttr(16).u32(0, call.id), flags: 8, fd: 12 };
	}
}

/** Helpers that a program may call, and which of their arguments is the buffer on the stack. */
const helperCalls = {
	"read-kernel": { helper: "probe_read_kernel", buffer: 1, size: 2, address: 3 },
	"write-user": { helper: "probe_write_user", buffer: 2, size: 3, address: 1 },
} as const;

/** Calls the helper with eight bytes of the stack and address zero, and returns 0 (RFC 9669). */
function helperCall(does: keyof typeof helperCalls): Insn[] {
	const { helper, buffer, size, address } = helperCalls[does];
	return [
		insn(op.stDw, { target: 10, offset: -8, imm: 0 }),
		insn(op.movReg, { target: buffer, source: 10 }),
		insn(op.addImm, { target: buffer, imm: -8 }),
		mov(size, 8),
		mov(address, 0),
		callHelper(helperNumber(helper)),
		...returns(0),
	];
}

interface Shape {
	key: number;
	value: number;
	entries: number;
	flags?: number;
	/** BTF type ids of key and value, which the kernel checks before the caller; no BTF. */
	btf?: boolean;
}

const BPF_F_NO_PREALLOC = 1;
const BPF_F_MMAPABLE = 1 << 10;
const usual: Shape = { key: 4, value: 8, entries: 1 };
const descriptors: Shape = { key: 4, value: 4, entries: 1 };
const storage: Shape = { key: 4, value: 4, entries: 0, flags: BPF_F_NO_PREALLOC, btf: true };
const ring: Shape = { key: 0, value: 0, entries: 4096 };

/** Sizes and flags that each type requires (kernel/bpf `map_alloc_check`); or `usual`. */
const shapes: Readonly<Record<string, Shape>> = {
	prog_array: descriptors,
	perf_event_array: descriptors,
	cgroup_array: descriptors,
	array_of_maps: descriptors,
	hash_of_maps: descriptors,
	devmap: descriptors,
	devmap_hash: descriptors,
	cpumap: descriptors,
	sockmap: descriptors,
	sockhash: descriptors,
	xskmap: descriptors,
	reuseport_sockarray: descriptors,
	lpm_trie: { key: 8, value: 8, entries: 1, flags: BPF_F_NO_PREALLOC },
	cgroup_storage: { key: 8, value: 8, entries: 0 },
	percpu_cgroup_storage: { key: 8, value: 8, entries: 0 },
	queue: { key: 0, value: 4, entries: 1 },
	stack: { key: 0, value: 4, entries: 1 },
	bloom_filter: { key: 0, value: 4, entries: 1 },
	sk_storage: storage,
	inode_storage: storage,
	task_storage: storage,
	cgrp_storage: storage,
	struct_ops: { key: 4, value: 0, entries: 1, btf: true },
	ringbuf: ring,
	user_ringbuf: ring,
	arena: { key: 0, value: 0, entries: 1, flags: BPF_F_MMAPABLE },
	insn_array: { key: 4, value: 16, entries: 1 },
	rhash: { key: 4, value: 8, entries: 1, flags: BPF_F_NO_PREALLOC },
};

function mapOf(type: string): BpfAttr {
	const { btf = false, ...shape } = shapes[type] ?? usual;
	const attr = mapCreate(type, shape, 80);
	if (!btf) return attr;
	attr.s32(48, -1);
	return type === "struct_ops" ? attr.u32(60, 1) : attr.u32(52, 1).u32(56, 1);
}
