// SPDX-License-Identifier: Apache-2.0

import { commands, helpers, mapTypes, programTypes } from "../../base/bpf.js";
import { callHelper, type Insn, returns } from "../../base/insn.js";
import { StructBytes, StructView } from "../../base/struct.js";
import { BpfAttr, type Held } from "./bpf-attr.js";
import type { GuestClient } from "./client.js";
import type { Args, Result } from "./operations.js";

/** Arguments of the `bpf` operation. `netns` is a handle of `netns_add`. */
export function bpfRequest(client: GuestClient, command: string, attr: BpfAttr, netns?: number): Args<"bpf"> {
	const cmd = commands.number(command);
	if (cmd === undefined) throw new Error(`no bpf command ${command}`);
	return { cmd, ...attr.encoded(client.littleEndian), ...(netns === undefined ? {} : { netns }) };
}

/** bpf(2) in the guest. `command`: lower case, no BPF_. A refusal is an answer, `errno`. */
export function bpf(
	client: GuestClient,
	command: string,
	attr: BpfAttr,
	netns?: number,
): Promise<Result<"bpf">> {
	return client.call("bpf", bpfRequest(client, command, attr, netns));
}

/** As bpf; a file descriptor that the call returns is closed at once. */
export async function tryBpf(client: GuestClient, command: string, attr: BpfAttr): Promise<Result<"bpf">> {
	const result = await bpf(client, command, attr);
	if (result.fd !== undefined) await client.call("close", { handle: result.fd });
	return result;
}

/** A program that calls these helpers without setting up arguments, and returns 0. */
export function callsHelpers(...called: number[]): Insn[] {
	return [...called.map(callHelper), ...returns(0)];
}

/** The number of a helper, by its name without `bpf_`. */
export function helperNumber(name: string): number {
	return numberOf("helper", helpers.number(name), name);
}

/** Size of BPF_PROG_LOAD's attributes without signatures (6.17) and with them. */
export const progLoadSize = { unsigned: 152, signed: 168 } as const;

/** BPF_PROG_LOAD of a program under the GPL. @param type a name of `programTypes` */
export function progLoad(
	type: string,
	insns: Uint8Array | readonly Insn[],
	size: number = progLoadSize.unsigned,
): BpfAttr {
	return new BpfAttr(size)
		.u32(0, numberOf("program type", programTypes.number(type), type))
		.u32(4, insns instanceof Uint8Array ? insns.length / 8 : insns.length)
		.pointer(8, insns)
		.pointer(16, Buffer.from("GPL\0"));
}

/** Size of BPF_MAP_CREATE's attributes in 5.10, and with exclusive maps (6.18). */
export const mapCreateSize = { plain: 72, exclusive: 96 } as const;

/** BPF_MAP_CREATE; `type` is a name of `mapTypes`. */
export function mapCreate(
	type: string,
	{ key = 4, value = 4, entries = 1, flags = 0 },
	size: number = mapCreateSize.plain,
): BpfAttr {
	return new BpfAttr(size)
		.u32(0, numberOf("map type", mapTypes.number(type), type))
		.u32(4, key)
		.u32(8, value)
		.u32(12, entries)
		.u32(16, flags);
}

/** BTF of the one type `int`: header, type and strings (Documentation/bpf/btf.rst). */
const oneInteger = (() => {
	const strings = "\0int\0";
	const [header, type] = [24, 16];
	const btf = new StructBytes(header + type + strings.length).u16(0, 0xeb9f).u8(2, 1);
	for (const [index, value] of [header, 0, type, type, strings.length].entries())
		btf.u32(4 + index * 4, value);
	for (const [index, value] of [1, 1 << 24, 4, (1 << 24) | 32].entries()) btf.u32(header + index * 4, value);
	return btf.text(header + type, strings);
})();

/** BPF_BTF_LOAD of the one type `int`. @param size of the attributes; 40 with those of tokens */
export function btfLoad(size = 40): BpfAttr {
	return new BpfAttr(size).pointer(0, oneInteger).u32(16, oneInteger.size);
}

/**
 * BPF_OBJ_GET_INFO_BY_FD. @param info input struct bpf_*_info, or its size
 * @param list size of the memory to which `info` points at `offset`
 * @returns both after the call; zeroes when the kernel refuses
 */
export async function objInfo(
	client: GuestClient,
	held: Held,
	info: StructBytes | number,
	list?: { offset: number; bytes: number },
): Promise<{ errno: number; info: StructView; list: StructView }> {
	const struct = typeof info === "number" ? new StructBytes(info) : info;
	const attr = new BpfAttr(16).fd(0, held).u32(4, struct.size).pointer(8, struct, true);
	if (list) attr.pointerIn(0, list.offset, new Uint8Array(list.bytes));
	const { errno, blobs } = await bpf(client, "obj_get_info_by_fd", attr);
	return {
		errno,
		info: new StructView(blobs[0] ?? new Uint8Array(struct.size), client.littleEndian),
		list: new StructView(blobs[1] ?? new Uint8Array(list?.bytes ?? 0), client.littleEndian),
	};
}

function numberOf(kind: string, number: number | undefined, name: string): number {
	if (number === undefined) throw new Error(`unknown ${kind} ${name}`);
	return number;
}
