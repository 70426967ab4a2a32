// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";

/** The lines of a file, read from its bytes one after the other. */
export class Lines {
	#next = 0;
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

	/** A line without its end; "" behind the last one. */
	at(index: number): string {
		const start = this.#starts[index];
		if (start === undefined) return "";
		const next = this.#starts[index + 1];
		return this.#bytes.toString("latin1", start, next === undefined ? undefined : next - 1);
	}

	/** The next line, which is taken with that. */
	next(): string {
		return this.at(this.#next++);
	}

	/** The line that `next` would take. */
	get ahead(): string {
		return this.at(this.#next);
	}

	/** Takes lines that must be these. @throws InputError */
	expect(...texts: string[]): void {
		for (const text of texts) if (this.next() !== text) throw this.wrong(text);
	}

	/** Takes a line that must match; its groups. @throws InputError */
	match(pattern: RegExp, example: string): string[] {
		const found = pattern.exec(this.next());
		if (!found) throw this.wrong(example);
		return found.slice(1);
	}

	/** The line that was taken last is not what bpftool writes. */
	wrong(expected: string): InputError {
		return this.error(
			this.#next - 1,
			`is not what bpftool writes there, which is ${JSON.stringify(expected.trim())}`,
		);
	}

	/** Takes the escaped bytes of a string, from behind its opening line. @throws InputError */
	bytes(name: string): Uint8Array {
		const start = this.#next - 1;
		const parts: Uint8Array[] = [];
		while (this.#next < this.#starts.length) {
			const line = this.next();
			const last = line.endsWith('";');
			const index = this.#next - 1;
			if (!last && !line.endsWith("\\")) throw this.error(index, `is not the next line of ${name}`);
			parts.push(unescaped(this, index, line.slice(0, last ? -2 : -1)));
			if (last) return new Uint8Array(Buffer.concat(parts));
		}
		throw this.error(start, `${name} has no end`);
	}

	/** Takes the lines up to this one, and it. @throws InputError without it */
	until(end: string): { start: number; texts: string[] } {
		const start = this.#next;
		const texts: string[] = [];
		for (let line = this.next(); line !== end; line = this.next()) {
			if (this.#next > this.#starts.length)
				throw this.error(start, `has no ${JSON.stringify(end)} behind it`);
			texts.push(line);
		}
		return { start, texts };
	}

	/** @throws InputError when there is more */
	end(): void {
		if (this.next() !== "" || this.#next < this.#starts.length)
			throw this.error(this.#next - 1, "is behind the end of what bpftool writes");
	}

	error(index: number, reason: string): InputError {
		return new InputError(this.file, `line ${index + 1}`, reason);
	}
}

const newline = 10;

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
