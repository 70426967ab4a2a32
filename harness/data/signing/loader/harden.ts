// SPDX-License-Identifier: Apache-2.0
import { assemble, disassemble, exit, insn, insnClass, load64, mov, op, pseudo } from "../../../base/insn.js";

/** Sizes in skel_internal.h: `struct bpf_loader_ctx`, and what follows for maps and programs. */
export const contextLayout = { header: 24, map: 16, program: 4 } as const;
/** Within a map's descriptor. */
const maxEntries = 4;
const initialValue = 8;

const EINVAL = 22;
/** `excl` of `struct bpf_map`, behind `sha`. */
const exclOffset = 32;

/**
 * libbpf's loaders read map sizes and initial values from their unsigned context: each such read
 * becomes the constant 0, for which a loader uses its signed data. No jump changes.
 * @param insns of `gen_loader` of libbpf 1.7, little endian; left as they are
 * @throws Error when the instructions are not of the shape that is known to be safe
 */
export function withoutOverrides(insns: Uint8Array, maps: number): Uint8Array {
	const fixed = Uint8Array.from(insns);
	let sizes = 0;
	for (const { at, code, target, source, offset } of disassemble(insns)) {
		if ((code & 0x07) !== insnClass.ldx || source !== 6) continue;
		// What is left is flags and where to put the verifier's log, which change nothing that is
		// installed.
		if (offset >= 0 && offset < contextLayout.header) continue;
		const field = (offset - contextLayout.header) % contextLayout.map;
		const size = code === op.ldxW && field === maxEntries;
		const value = code === op.ldxDw && field === initialValue;
		if (!(size || value) || offset >= contextLayout.header + maps * contextLayout.map)
			throw new Error(`the loader reads its context at ${offset}, which is not known to be harmless`);
		if (size) sizes++;
		fixed.set(assemble([mov(target, 0)]), at);
	}
	if (sizes !== maps) throw new Error(`the loader sizes ${sizes} of ${maps} maps by its context`);
	return fixed;
}

/**
 * Puts in front of a loader: -EINVAL unless its data's map is exclusive to it, because another
 * program could change it between the check of its hash and its use (CVE-2026-80675).
 */
export function insistingOnExclusiveMap(insns: Uint8Array): Uint8Array {
	return new Uint8Array(
		Buffer.concat([
			assemble([
				...load64(2, pseudo.mapIndex, 0),
				insn(op.ldxW, { target: 3, source: 2, offset: exclOffset }),
				insn(op.jeqImm, { target: 3, offset: 2, imm: 1 }),
				mov(0, -EINVAL),
				exit,
			]),
			insns,
		]),
	);
}
