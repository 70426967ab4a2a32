// SPDX-License-Identifier: Apache-2.0

const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const STT_FUNC = 2;
const SHN_UNDEF = 0;
const symbolBytes = 24;
/** Bounds for a hostile binary. */
const maxSections = 1024;
const maxSymbols = 1 << 20;
const maxName = 512;

/** Functions that a 64-bit binary defines; none where its tables cannot be read. */
export function functionsOf(bytes: Uint8Array): string[] {
	try {
		return [...new Set(readFunctions(bytes))];
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		return [];
	}
}

/** @throws RangeError where an offset lies outside of the file */
function* readFunctions(bytes: Uint8Array): Generator<string> {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const little = view.getUint8(5) === 1;
	if (view.getUint8(4) !== 2) return;
	const word = (at: number) => view.getUint32(at, little);
	const long = (at: number) => Number(view.getBigUint64(at, little));
	const sectionAt = (index: number) => long(40) + index * view.getUint16(58, little);
	const sections = Math.min(view.getUint16(60, little), maxSections);
	let left = maxSymbols;
	for (let index = 0; index < sections; index++) {
		const section = sectionAt(index);
		if (![SHT_SYMTAB, SHT_DYNSYM].includes(word(section + 4))) continue;
		const names = long(sectionAt(word(section + 40)) + 24);
		const [from, size] = [long(section + 24), long(section + 32)];
		for (let at = from; at + symbolBytes <= from + size && left-- > 0; at += symbolBytes) {
			const isFunction = (view.getUint8(at + 4) & 0xf) === STT_FUNC;
			if (isFunction && view.getUint16(at + 6, little) !== SHN_UNDEF) yield text(bytes, names + word(at));
		}
	}
}

function text(bytes: Uint8Array, from: number): string {
	const most = bytes.subarray(from, from + maxName);
	const end = most.indexOf(0);
	return Buffer.from(end < 0 ? most : most.subarray(0, end)).toString("latin1");
}
