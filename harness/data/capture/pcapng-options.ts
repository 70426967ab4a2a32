// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from "./cursor.js";

/** Option codes of draft-ietf-opsawg-pcapng that are used here. */
export const optionCodes = {
	end: 0,
	comment: 1,
	if_name: 2,
	shb_userappl: 4,
	if_tsresol: 9,
	if_fcslen: 13,
	if_tsoffset: 14,
};

const maxOptions = 1000;

export interface BlockOption {
	code: number;
	value: Uint8Array;
}

/** The options from `offset` to the end of a block. @throws InputError when one leads out of it */
export function readOptions(block: Cursor, offset: number): BlockOption[] {
	const options: BlockOption[] = [];
	for (let at = offset; at < block.bytes.length; ) {
		const code = block.u16(at);
		const size = block.u16(at + 2);
		if (code === optionCodes.end) break;
		if (options.length >= maxOptions) throw block.fail(`has more than ${maxOptions} options`);
		options.push({ code, value: block.part(at + 4, size) });
		at += 4 + Math.ceil(size / 4) * 4;
	}
	return options;
}

/** `if_tsresol`: a negative power of 10, or of 2 with the highest bit; microseconds without. */
export function timeUnit(block: Cursor, options: readonly BlockOption[]): (count: bigint) => bigint {
	const resolution = options.find(({ code }) => code === optionCodes.if_tsresol)?.value[0] ?? 6;
	const perSecond = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
	const shift = options.find(({ code }) => code === optionCodes.if_tsoffset)?.value;
	const seconds =
		shift?.length === 8
			? new DataView(shift.buffer, shift.byteOffset).getBigInt64(0, block.littleEndian)
			: 0n;
	return (count) => (count * 1_000_000_000n) / perSecond + seconds * 1_000_000_000n;
}
