// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { Console } from "./console.js";

function open() {
	const stream = new PassThrough();
	const console = new Console(stream);
	return { stream, console, read: () => new Promise((done) => setImmediate(done)) };
}

describe("console", () => {
	it("finds a splat that arrives in pieces, with carriage returns", async () => {
		const { stream, console, read } = open();
		for (const byte of "[    1.000000] Kernel panic - not syncing: x\r\n[    1.1") stream.write(byte);
		await read();
		expect(console.splats.map((splat) => splat.title)).toEqual(["Kernel panic - not syncing: x"]);
	});

	it("finds the last line even if the guest died while writing it", async () => {
		const { stream, console, read } = open();
		stream.end("[    1.000000] Kernel panic - not syncing: x");
		await read();
		await read();
		expect(console.splats).toHaveLength(1);
	});

	it("keeps the last 64 KiB of a flood and says how much it dropped", async () => {
		const { stream, console, read } = open();
		for (let n = 0; n < 64; n++) stream.write(`${"x".repeat(65_535)}\n`);
		await read();
		expect(console.bytes).toBe(4 << 20);
		expect(console.tail).toMatch(/^\[\d+ bytes before this were not kept\]/);
		expect(console.tail.length).toBeLessThan(66_000);
	});

	it("finds a splat after an endless line, wherever that is cut", async () => {
		for (const length of [1, 4000, 4090, 4095, 4096, 4097, 5000, 70_000]) {
			const { stream, console, read } = open();
			const text = `${"x".repeat(length)}[    1.000000] Kernel panic - not syncing: x\n`;
			for (let at = 0; at < text.length; at += 1000) stream.write(text.slice(at, at + 1000));
			await read();
			expect(console.splats, `${length}`).toHaveLength(1);
		}
	});

	it("removes control characters", async () => {
		const { stream, console, read } = open();
		stream.write("a\x1b[31mb\0\tc\r\n");
		await read();
		expect(console.tail).toBe("a[31mb\tc\n");
	});

	it("waits for a mark until the time limit, and not at all once closed", async () => {
		const { stream, console, read } = open();
		const seen = console.until("mark 1", 1000);
		const never = console.until("mark 2", 20);
		stream.write("[    1.000000] bpfgate: mark 1\r\n");
		expect(await seen).toBe(true);
		expect(await never).toBe(false);
		const later = console.until("mark 3", 60_000);
		stream.destroy();
		expect(await later).toBe(false);
		await read();
		expect(await console.until("mark 3", 60_000)).toBe(false);
	});
});
