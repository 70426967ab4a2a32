// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { InputError } from "../../../base/errors.js";

/** A signed light skeleton: the C header that `bpftool gen skeleton -L -S` writes. */
export interface LightSkeleton {
	/** As messages call it, and all of it. */
	file: string;
	bytes: Uint8Array;
	/** Identifiers of `struct bpf_map_desc` in `maps`, in order: `rodata` for `.rodata`. */
	maps: string[];
	/** Those of `struct bpf_prog_desc`: every program, also those that are not loaded. */
	programs: string[];
	/** `opts_insn`: the loader's instructions. */
	insns: Uint8Array;
	/** `opts_data`: what the loader's map holds. */
	data: Uint8Array;
	/** `opts_sig`: CMS, DER. */
	cms: Uint8Array;
	/** `opts_excl_hash`, which was found to be the SHA-256 of `insns`; lower-case hexadecimal. */
	exclProgHash: string;
}

/** Four characters stand for most bytes, and no kernel takes more than 16 MiB of them. */
export const maxHeaderBytes = 96 * 1024 * 1024;
/** A loader has room for 64 maps; objects have fewer programs than that. */
const maxDescriptors = 1024;

/**
 * Reads a header as bpftool 7.7 and later write it, exactly; it is never compiled.
 * @throws InputError naming the line
 */
export function readLightSkeleton(file: string, bytes: Uint8Array): LightSkeleton {
	if (bytes.length > maxHeaderBytes)
		throw new InputError(
			file,
			"",
			`has ${bytes.length} bytes, more than the ${maxHeaderBytes} that are read`,
		);
	const lines = new Lines(file, bytes);
	if (!lines.some((line) => line === "#include <bpf/skel_internal.h>"))
		throw new InputError(file, "", "is not a light skeleton of bpftool, made with `bpftool gen skeleton -L`");
	const skeleton = {
		file,
		bytes,
		maps: descriptors(lines, "bpf_map_desc", "maps"),
		programs: descriptors(lines, "bpf_prog_desc", "progs"),
		insns: array(lines, "opts_insn"),
		data: array(lines, "opts_data"),
		cms: array(lines, "opts_sig"),
		exclProgHash: Buffer.from(array(lines, "opts_excl_hash")).toString("hex"),
	};
	if (skeleton.exclProgHash !== createHash("sha256").update(skeleton.insns).digest("hex"))
		throw new InputError(file, "opts_excl_hash", "is not the SHA-256 of opts_insn; the header was changed");
	return skeleton;
}

/** The lines of a file, taken from its bytes when they are looked at. */
class Lines {
	readonly #starts: number[] = [0];
	readonly #bytes: Buffer;

	constructor(
		readonly file: string,
		bytes: Uint8Array,
	) {
		this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1))
			this.#starts.push(at + 1);
	}

	get count(): number {
		return this.#starts.length;
	}

	/** A line without its end; "" behind the last one. */
	at(index: number): string {
		const start = this.#starts[index];
		if (start === undefined) return "";
		const next = this.#starts[index + 1];
		return this.#bytes.toString("latin1", start, next === undefined ? undefined : next - 1);
	}

	some(matches: (line: string) => boolean): boolean {
		return this.find(matches).next().done === false;
	}

	/** Among the lines of code, that is those which do not begin with an escape. */
	*find(matches: (line: string) => boolean): Generator<number> {
		for (const [index, start] of this.#starts.entries())
			if (this.#bytes[start] !== ascii.backslash && matches(this.at(index))) yield index;
	}

	error(index: number, reason: string): InputError {
		return new InputError(this.file, `line ${index + 1}`, reason);
	}
}

const newline = 10;

/** Identifiers of the descriptors of one kind, together in one struct of the skeleton. */
function descriptors(lines: Lines, type: string, member: string): string[] {
	const line = new RegExp(`^\t\tstruct ${type} ([A-Za-z_][A-Za-z0-9_]{0,255});$`);
	const found = [...lines.find((each) => line.test(each))];
	const [first] = found;
	if (first === undefined) return [];
	if (found.length > maxDescriptors)
		throw lines.error(
			first,
			`begins ${found.length} descriptors, more than the ${maxDescriptors} that are read`,
		);
	const last = first + found.length - 1;
	if (
		found.at(-1) !== last ||
		lines.at(first - 1) !== "\tstruct {" ||
		lines.at(last + 1) !== `\t} ${member};`
	)
		throw lines.error(first, `struct ${type} is not in one struct ${member}, as bpftool has it`);
	const names = found.map((index) => line.exec(lines.at(index))![1]!);
	if (new Set(names).size !== names.length) throw lines.error(first, `${member} has two of the same name`);
	return names;
}

/** The escaped bytes of `static const char <name>[]`. @throws InputError unless once there */
function array(lines: Lines, name: string): Uint8Array {
	const opening = `\tstatic const char ${name}[] __attribute__((__aligned__(8))) = "\\`;
	const [start, second] = lines.find((line) => line === opening);
	if (start === undefined) {
		const unsigned = name === "opts_sig" || name === "opts_excl_hash";
		const reason = unsigned ? "has no signature: bpftool made it without -S" : `has no ${name}`;
		throw new InputError(lines.file, "", reason);
	}
	if (second !== undefined) throw lines.error(second, `${name} is there twice`);
	const parts: Uint8Array[] = [];
	for (let index = start + 1; index < lines.count; index++) {
		const line = lines.at(index);
		const last = line.endsWith('";');
		if (!last && !line.endsWith("\\")) throw lines.error(index, `is not the next line of ${name}`);
		parts.push(unescaped(lines, index, line.slice(0, last ? -2 : -1)));
		if (last) return new Uint8Array(Buffer.concat(parts));
	}
	throw lines.error(start, `${name} has no end`);
}

/** `\0` and `\x1f` as bytes. */
function unescaped(lines: Lines, index: number, text: string): Uint8Array {
	const bytes = new Uint8Array(text.length / 2);
	let count = 0;
	for (let at = 0; at < text.length; ) {
		const zero = text.charCodeAt(at + 1) === ascii.zero;
		const value = zero ? 0 : 16 * digit(text.charCodeAt(at + 2)) + digit(text.charCodeAt(at + 3));
		const escaped = text.charCodeAt(at) === ascii.backslash && (zero || text.charCodeAt(at + 1) === ascii.x);
		// An invalid digit makes it NaN.
		if (!escaped || !(value >= 0))
			throw lines.error(index, `column ${at + 1} is not a byte as bpftool writes it`);
		bytes[count++] = value;
		at += zero ? 2 : 4;
	}
	return bytes.subarray(0, count);
}

const ascii = { backslash: 0x5c, zero: 0x30, nine: 0x39, a: 0x61, f: 0x66, x: 0x78 } as const;

/** Of a lower-case hexadecimal digit; NaN of anything else. */
function digit(code: number): number {
	if (code >= ascii.zero && code <= ascii.nine) return code - ascii.zero;
	return code >= ascii.a && code <= ascii.f ? code - ascii.a + 10 : Number.NaN;
}
