// SPDX-License-Identifier: Apache-2.0

import { helpers } from "../../../base/bpf.js";
import { InputError } from "../../../base/errors.js";
import { disassemble, op, pseudo } from "../../../base/insn.js";
import { type Elf, type ElfRelocation, type ElfSection, type ElfSymbol, SHF, SHN, SHT, STT } from "./elf.js";

/** What the instructions of a program and of the functions it calls refer to. */
export interface Uses {
	/** Names in `helpers` (uapi.ts), ascending by number. */
	helpers: string[];
	/** Functions of the kernel, by name. */
	kfuncs: string[];
	/** Maps, by name: those of `.maps`, and sections of global variables. */
	maps: string[];
	/** Functions of the object, without the program itself. */
	functions: string[];
	/** Instructions of the program and of all those functions: what libbpf hands to the kernel. */
	insns: number;
}

/** A function: a program or one that programs call. */
interface Code {
	name: string;
	section: ElfSection;
	start: number;
	end: number;
}

const maxFunctions = 8192;
/** Of all programs, each with what it calls in turn. */
const maxCalls = 2_000_000;

/** Reads an object's instructions: what the program at an offset of a section uses. */
export function usesOf(elf: Elf): (section: number, offset: number) => Uses {
	const functions = codeOf(elf);
	const at: Locate = (section, offset) => {
		const list = functions.get(section) ?? [];
		let low = 0;
		for (let high = list.length; low < high; ) {
			const middle = (low + high) >> 1;
			if (list[middle]!.end <= offset) low = middle + 1;
			else high = middle;
		}
		const code = list[low];
		return code && code.start <= offset ? code : undefined;
	};
	const relocations = cached((section: number) => {
		const list = elf.relocations(section);
		return new Map(list.map((relocation) => [relocation.offset, relocation]));
	});
	const direct = cached((code: Code) => scan(elf, code, relocations(code.section.index), at));
	let followed = 0;
	return (section, offset) => {
		const start = at(section, offset);
		const reached = new Set(start ? [start] : []);
		for (const code of reached) {
			const { calls } = direct(code);
			followed += 1 + calls.size;
			if (followed > maxCalls)
				throw new InputError(
					elf.file,
					"symbol table",
					`has functions that call more than ${maxCalls} others, counted for each program`,
				);
			for (const callee of calls) reached.add(callee);
		}
		const all = [...reached].map(direct);
		const merge = <T>(pick: (one: Direct) => Iterable<T>) => [
			...new Set(all.flatMap((one) => [...pick(one)])),
		];
		return {
			helpers: merge((one) => one.helpers)
				.sort((a, b) => a - b)
				.map((number) => helpers.name(number)),
			kfuncs: merge((one) => one.kfuncs).sort(),
			maps: merge((one) => one.maps).sort(),
			functions: [...reached].filter((code) => code !== start).map((code) => code.name),
			insns: [...reached].reduce((sum, code) => sum + (code.end - code.start) / 8, 0),
		};
	};
}

type Locate = (section: number, offset: number) => Code | undefined;

function cached<K, V>(make: (key: K) => V): (key: K) => V {
	const known = new Map<K, V>();
	return (key) => {
		const found = known.get(key);
		if (found !== undefined) return found;
		const made = make(key);
		known.set(key, made);
		return made;
	};
}

interface Direct {
	helpers: Set<number>;
	kfuncs: Set<string>;
	maps: Set<string>;
	calls: Set<Code>;
}

/** Functions by section, first the ones that begin first. */
function codeOf(elf: Elf): Map<number, Code[]> {
	const functions = new Map<number, Code[]>();
	let count = 0;
	for (const symbol of elf.symbols) {
		const section = elf.sections[symbol.section];
		if (symbol.type !== STT.FUNC || !section || symbol.section === SHN.UNDEF) continue;
		if (section.type !== SHT.PROGBITS || (section.flags & SHF.EXECINSTR) === 0) continue;
		const code = { name: symbol.name, section, start: symbol.value, end: symbol.value + symbol.size };
		if (code.end > section.size)
			throw new InputError(elf.file, `section ${section.name}`, `function ${symbol.name} ends behind it`);
		if (++count > maxFunctions)
			throw new InputError(elf.file, "symbol table", `has more than ${maxFunctions} functions`);
		const list = functions.get(section.index);
		if (list) list.push(code);
		else functions.set(section.index, [code]);
	}
	for (const [index, list] of functions) functions.set(index, inOrder(elf, list));
	return functions;
}

/** Sorted; two names of a function are one entry. @throws InputError when functions overlap */
function inOrder(elf: Elf, list: Code[]): Code[] {
	const sorted = list.sort((a, b) => a.start - b.start || a.end - b.end);
	return sorted.filter((code, index) => {
		const before = sorted[index - 1];
		if (!before || before.end <= code.start) return true;
		if (before.start === code.start && before.end === code.end) return false;
		throw new InputError(
			elf.file,
			`section ${code.section.name}`,
			`functions ${before.name} and ${code.name} overlap`,
		);
	});
}

function scan(elf: Elf, code: Code, relocations: Map<number, ElfRelocation>, at: Locate): Direct {
	const found: Direct = { helpers: new Set(), kfuncs: new Set(), maps: new Set(), calls: new Set() };
	const call = (callee: Code | undefined) => {
		if (callee) found.calls.add(callee);
	};
	const whole = code.end - ((code.end - code.start) % 8);
	for (const insn of disassemble(code.section.data.subarray(code.start, whole), elf.littleEndian)) {
		const { source, imm } = insn;
		const offset = code.start + insn.at;
		const symbol = relocations.get(offset)?.symbol;
		if (insn.code === op.call) {
			if (symbol && symbol.section === SHN.UNDEF) found.kfuncs.add(symbol.name);
			else if (symbol) call(at(symbol.section, symbol.value + (imm + 1) * 8));
			else if (source === pseudo.call) call(at(code.section.index, offset + (imm + 1) * 8));
			else if (source === 0) found.helpers.add(imm);
		} else if (insn.code === op.ldImm64) {
			if (symbol) refer(elf, symbol, imm, found, call, at);
			else if (source === pseudo.function) call(at(code.section.index, offset + (imm + 1) * 8));
		}
	}
	return found;
}

/** A 64-bit load of an address: a map's, a global variable's, or a callback's. */
function refer(
	elf: Elf,
	symbol: ElfSymbol,
	immediate: number,
	found: Direct,
	call: (callee: Code | undefined) => void,
	at: Locate,
): void {
	const section = elf.sections[symbol.section];
	if (!section || symbol.section === SHN.UNDEF) return;
	if ((section.flags & SHF.EXECINSTR) !== 0) call(at(section.index, symbol.value + immediate));
	else if (section.name === ".maps" && symbol.type !== STT.SECTION) found.maps.add(symbol.name);
	else if (/^\.(data|rodata|bss)(\.|$)/.test(section.name)) found.maps.add(section.name);
}
