// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";

/** More than bpftool writes into a line, and into the struct of a skeleton. */
const maxLine = 4096;
const maxStruct = 1024 * 1024;
/** bpftool begins another line where one more byte would make more than 78 characters. */
const minBytesLine = 76;
const newline = 10;

/** The lines of a file, taken from its bytes one after the other. */
export class Lines {
	/** Lines that were taken, and where the next one begins. */
	#taken = 0;
	#position = 0;
	readonly #bytes: Buffer;

	constructor(
		readonly file: string,
		bytes: Uint8Array,
	) {
		this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	#lineEnd(): number {
		const end = this.#bytes.indexOf(newline, this.#position);
		return end < 0 ? this.#bytes.length : end;
	}

	/** The next line without its end, which is taken; "" behind the last one. @throws InputError */
	next(): string {
		const line = this.ahead;
		this.#position = Math.min(this.#lineEnd() + 1, this.#bytes.length);
		this.#taken++;
		return line;
	}

	/** The line that `next` takes. @throws InputError when it is too long */
	get ahead(): string {
		const end = this.#lineEnd();
		if (end - this.#position > maxLine)
			throw this.error(
				this.#taken,
				`has ${end - this.#position} bytes, more than the ${maxLine} that are read`,
			);
		return this.#bytes.toString("latin1", this.#position, end);
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
			this.#taken - 1,
			`is not what bpftool writes there, which is ${JSON.stringify(expected.trim())}`,
		);
	}

	/** Takes the escaped bytes of a string, from behind its opening line. @throws InputError */
	bytes(name: string): Uint8Array {
		const start = this.#taken - 1;
		const end = this.#bytes.indexOf('";\n', this.#position);
		// Each byte has two characters or more.
		const found = new Uint8Array(Math.max(0, end - this.#position) / 2);
		let count = 0;
		while (this.#position < this.#bytes.length) {
			const line = this.next();
			const last = line.endsWith('";');
			const index = this.#taken - 1;
			if (!last && (!line.endsWith("\\") || line.length < minBytesLine))
				throw this.error(index, `is not the next line of ${name}`);
			count = this.#unescape(index, line.slice(0, last ? -2 : -1), found, count);
			if (last) return found.slice(0, count);
		}
		throw this.error(start, `${name} has no end`);
	}

	/** Writes what `\0` and `\x1f` stand for; returns how many bytes there are then. */
	#unescape(index: number, text: string, bytes: Uint8Array, count: number): number {
		let next = count;
		for (let at = 0; at < text.length; ) {
			const zero = text.charCodeAt(at + 1) === ascii.zero;
			const value = zero ? 0 : 16 * digit(text.charCodeAt(at + 2)) + digit(text.charCodeAt(at + 3));
			const escaped =
				text.charCodeAt(at) === ascii.backslash && (zero || text.charCodeAt(at + 1) === ascii.x);
			// An invalid digit makes it NaN.
			if (!escaped || !(value >= 0))
				throw this.error(index, `column ${at + 1} is not a byte as bpftool writes it`);
			bytes[next++] = value;
			at += zero ? 2 : 4;
		}
		return next;
	}

	/** Takes the lines up to this one, and it. @throws InputError without it */
	until(end: string): { start: number; texts: string[] } {
		const [start, from] = [this.#taken, this.#position];
		const texts: string[] = [];
		for (let line = this.next(); line !== end; line = this.next()) {
			if (this.#position - from > maxStruct || this.#position === this.#bytes.length)
				throw this.error(start, `has no ${JSON.stringify(end)} within ${maxStruct} bytes`);
			texts.push(line);
		}
		return { start, texts };
	}

	/** @throws InputError when there is more */
	end(): void {
		if (this.#position < this.#bytes.length)
			throw this.error(this.#taken, "is behind the end of what bpftool writes");
	}

	error(index: number, reason: string): InputError {
		return new InputError(this.file, `line ${index + 1}`, reason);
	}
}

const ascii = { backslash: 0x5c, zero: 0x30, nine: 0x39, a: 0x61, f: 0x66, x: 0x78 } as const;

/** Of a lower-case hexadecimal digit; NaN of anything else. */
function digit(code: number): number {
	if (code >= ascii.zero && code <= ascii.nine) return code - ascii.zero;
	return code >= ascii.a && code <= ascii.f ? code - ascii.a + 10 : Number.NaN;
}
