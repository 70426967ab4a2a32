// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { Reader } from "../../data/package/elf/reader.js";

const headerSize = 64;
const symbolSize = 24;
const SHT_SYMTAB = 2;
const STT_FUNC = 2;
const tracepointPrefix = "__tracepoint_";

/** A module's functions, and tracepoints as `tp:<name>`, by its symbols. @throws InputError */
export function moduleSymbols(file: string, bytes: Uint8Array): string[] {
	if (bytes.length < headerSize || Buffer.from(bytes.subarray(0, 5)).toString("latin1") !== "\x7fELF\x02")
		throw new InputError(file, "ELF header", "is not a 64-bit ELF object");
	const whole = new Reader(file, "file", bytes, bytes[5] === 1);
	const count = whole.u16(60);
	const table = whole.part("section header table", whole.u64(40), count * headerSize);
	const part = (index: number, place: string) =>
		whole.part(place, table.u64(index * headerSize + 24), table.u64(index * headerSize + 32));
	const indices = Array.from({ length: count }, (_, index) => index);
	const symtab = indices.find((index) => table.u32(index * headerSize + 4) === SHT_SYMTAB);
	if (symtab === undefined) throw new InputError(file, "symbol table", "is missing");
	const symbols = part(symtab, "symbol table");
	const strings = part(table.u32(symtab * headerSize + 40), "symbol name table");
	const names: string[] = [];
	for (let at = 0; at + symbolSize <= symbols.size; at += symbolSize) {
		if (symbols.u16(at + 6) === 0) continue; // Undefined: of another module, or the kernel.
		const name = strings.string(symbols.u32(at));
		if ((symbols.u8(at + 4) & 0xf) === STT_FUNC) names.push(name);
		else if (name.startsWith(tracepointPrefix)) names.push(`tp:${name.slice(tracepointPrefix.length)}`);
	}
	return names;
}
