// SPDX-License-Identifier: Apache-2.0
import { op } from "../../base/insn.js";
import type { LoadedObject } from "../../lab/subject/load/load-object.js";
import { programInsns } from "../../machine/guest/bpf-objects.js";
import type { GuestClient } from "../../machine/guest/client.js";

/** BPF_PSEUDO_MAP_FD and BPF_PSEUDO_MAP_VALUE: what the kernel shows of any way to name a map. */
const namesMap = (source: number) => source === 1 || source === 2;
/** The upper half of a kernel address, such as of a kptr's metadata: each load has its own. */
const isKernelAddress = (upper: number) => upper >= 0xffff_8000;

/**
 * The instructions of each loaded program as the kernel translated them (`xlated_prog_insns`), in
 * hex, with names of maps instead of ids: equal for two loads of one object on one kernel.
 * @param constants of the object, which are no addresses
 */
export async function codeOf(
	client: GuestClient,
	{ handle, loaded, maps }: LoadedObject & { handle: number },
	constants?: ReadonlySet<bigint>,
): Promise<Map<string, string>> {
	const names = new Map<number, string>();
	// libbpf puts the object's name before that of a section.
	for (const { id, name } of maps) if (id !== undefined) names.set(id, name.replace(/^[^.]+(?=\.)/, ""));
	const code = new Map<string, string>();
	for (const program of loaded.keys()) {
		const insns = await programInsns(client, { handle, program });
		code.set(program, comparable(insns, names, client.littleEndian, constants));
	}
	return code;
}

/** The 64-bit constants in an object file: of its instructions, and what looks like them. */
export function constantsOf(file: Uint8Array, littleEndian: boolean): Set<bigint> {
	const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
	const constants = new Set<bigint>();
	for (let at = 0; at + 16 <= file.length; at += 8)
		if (file[at] === op.ldImm64 && file[at + 8] === 0) constants.add(constantAt(view, at, littleEndian));
	return constants;
}

const constantAt = (view: DataView, at: number, littleEndian: boolean) =>
	(BigInt(view.getUint32(at + 12, littleEndian)) << 32n) | BigInt(view.getUint32(at + 4, littleEndian));

/**
 * Instructions of 8 bytes in hex.
 * @param maps names of maps by their ids
 * @param constants of the object, which are no addresses
 */
export function comparable(
	insns: Uint8Array,
	maps: ReadonlyMap<number, string>,
	littleEndian: boolean,
	constants: ReadonlySet<bigint> = new Set(),
): string {
	const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength);
	const words: string[] = [];
	for (let at = 0; at + 8 <= insns.length; at += 8) {
		const hex = Buffer.from(insns.subarray(at, at + 8)).toString("hex");
		if (insns[at] !== op.ldImm64 || at + 16 > insns.length) {
			words.push(hex);
			continue;
		}
		const registers = insns[at + 1]!;
		const source = littleEndian ? registers >> 4 : registers & 0xf;
		const imm = view.getUint32(at + 4, littleEndian);
		const upper = view.getUint32(at + 12, littleEndian);
		const isConstant = constants.has(constantAt(view, at, littleEndian));
		at += 8;
		if (namesMap(source)) words.push(`${hex.slice(0, 8)}map ${maps.get(imm) ?? "?"}+${upper}`);
		else if (source === 0 && isKernelAddress(upper) && !isConstant) words.push(`${hex.slice(0, 8)}address`);
		else words.push(hex, Buffer.from(insns.subarray(at, at + 8)).toString("hex"));
	}
	return words.join(" ");
}

/** Names of installed programs whose code is not that of the object. */
export function otherPrograms(
	installed: ReadonlyMap<string, string>,
	own: ReadonlyMap<string, string>,
): string[] {
	return [...installed].filter(([name, code]) => own.get(name) !== code).map(([name]) => name);
}
