// SPDX-License-Identifier: Apache-2.0

import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Splat } from "./guest.js";
import { SplatReader } from "./splat.js";

const maxTail = 64 * 1024;
const maxLine = 4096;

/** Reads a guest's console without pause, or it hangs (vimto issue 27); keeps the last 64 KiB. */
export class Console {
	private readonly reader = new SplatReader();
	private readonly decoder = new StringDecoder("latin1");
	private readonly watches = new Set<(line: string | undefined) => void>();
	private closed = false;
	private partial = "";
	private kept = "";
	private count = 0;

	/** @param onOutput called for each piece that was read */
	constructor(stream: Readable, onOutput: () => void = () => {}) {
		stream.on("data", (chunk: Buffer) => {
			this.count += chunk.length;
			this.read(this.decoder.write(chunk));
			onOutput();
		});
		stream.on("error", () => {}); // The owner of the process reports its end.
		stream.on("close", () => {
			this.read("\n");
			this.closed = true;
			for (const watch of this.watches) watch(undefined);
		});
	}

	/** Bytes read so far. */
	get bytes(): number {
		return this.count;
	}

	/** The last 64 KiB without control characters; begins with a note when there was more. */
	get tail(): string {
		const left = this.count - this.kept.length;
		return left > maxTail ? `[${left} bytes before this were not kept]\n${this.kept}` : this.kept;
	}

	/** Splats so far; the last one may be incomplete. */
	get splats(): Splat[] {
		return this.reader.splats;
	}

	/** True when a line that ends with `mark` is read within `ms` and before the end. */
	until(mark: string, ms: number): Promise<boolean> {
		if (this.closed) return Promise.resolve(false);
		return new Promise((resolve) => {
			const timer = setTimeout(() => done(false), ms);
			const done = (seen: boolean) => {
				clearTimeout(timer);
				this.watches.delete(watch);
				resolve(seen);
			};
			const watch = (line: string | undefined) => {
				if (line === undefined) done(false);
				else if (line.endsWith(mark)) done(true);
			};
			this.watches.add(watch);
		});
	}

	private read(text: string): void {
		// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
		const clean = text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");
		this.kept = (this.kept + clean).slice(-maxTail);
		const lines = (this.partial + clean).split("\n");
		this.partial = lines.pop() ?? "";
		for (const line of lines) {
			this.reader.line(line);
			for (const watch of this.watches) watch(line);
		}
		if (this.partial.length <= maxLine) return;
		// Never inside a time stamp: output of a process must not hide the kernel's line after it.
		const cut = Math.max(this.partial.lastIndexOf("["), 0) || maxLine;
		this.reader.line(this.partial.slice(0, cut));
		this.partial = this.partial.slice(cut).slice(-maxLine);
	}
}
