// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import type { Args, OperationName, Result } from "../operations.js";
import { compileObject } from "./testobject.js";

export const root = join(import.meta.dirname, "../../../..");
const machines = new Machines({
	agent: (arch) => join(root, "build/agent", arch, "agent"),
	accelerator: "tcg",
});

export function u32(...values: number[]): Uint8Array {
	return new Uint8Array(new Uint32Array(values).buffer);
}

export function u64(...values: number[]): Uint8Array {
	return new Uint8Array(new BigUint64Array(values.map(BigInt)).buffer);
}

/** An Ethernet frame of zeroes that begins with these bytes. */
export function frame(length: number, ...first: number[]): Uint8Array {
	const bytes = new Uint8Array(length);
	bytes.set(first);
	return bytes;
}

/** An ARP frame, which no filter of the examples drops. */
export function arp(length: number): Uint8Array {
	const bytes = frame(length, 1, 2, 3);
	bytes.set([8, 6], 12);
	return bytes;
}

/** Maps of testoperations.bpf.c whose content a snapshot can restore. */
export const restorable = ["slots", "flows", "recent", "per_cpu", "queue", "stack", "by_tenant", ".bss"];

/** A guest with the objects of testoperations.bpf.c; one for all tests of a `describe`. */
class GuestWithMaps {
	guest!: Guest;
	/** One object with a map of each kind. */
	readonly everyMap = compileObject();
	/** The same with maps that cannot be read. */
	readonly unreadable = compileObject("-DUNREADABLE");

	call<N extends OperationName>(op: N, args: Args<N>): Promise<Result<N>> {
		return this.guest.client.call(op, args);
	}

	/** Loads an object; the test closes it. */
	async load(data: Uint8Array, options: Partial<Args<"object_open">> = {}): Promise<number> {
		await this.call("file_write", { path: "/run/object.o", data });
		const { object } = await this.call("object_open", { path: "/run/object.o", ...options });
		const done = await this.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		expect(done.errno, done.log + done.programs.map((each) => each.log).join("")).toBe(0);
		return object;
	}

	/** Loads an object of an example package. */
	async example(file: string, options?: Partial<Args<"object_open">>): Promise<number> {
		return this.load(await readFile(join(root, "programs", file)), options);
	}

	/** The entries of a map as `key:value` in hexadecimal, sorted. */
	async dump(object: number, map: string): Promise<string[]> {
		const { entries } = await this.call("map_dump", { object, map });
		const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
		return entries.map(({ key, value }) => `${hex(key)}:${hex(value)}`).sort();
	}

	async write(
		object: number,
		map: string,
		entries: NonNullable<Args<"map_write">["entries"]>,
	): Promise<number[]> {
		return (await this.call("map_write", { object, map, entries })).errnos;
	}

	/** Loads `everyMap`, writes into each map, watches its events and takes a snapshot. */
	async remembered(): Promise<number> {
		const object = await this.load(await this.everyMap);
		const three = [1, 2, 3].map((value) => ({ value: u32(value) }));
		const flows = [1, 2, 1000].map((key) => ({ key: u32(key), value: u64(7) }));
		const filled = [
			await this.write(object, "slots", [{ key: u32(0), value: u64(40) }]),
			await this.write(object, "flows", flows),
			await this.write(object, "recent", [{ key: u32(9), value: u64(7) }]),
			await this.write(object, "queue", three),
			await this.write(object, "stack", three),
			await this.write(object, "by_tenant", [{ key: u32(0), inner: [{ key: u32(1), value: u64(5) }] }]),
		];
		expect(new Set(filled.flat())).toEqual(new Set([0]));
		await this.call("events_watch", { object, map: "perf" });
		const { maps } = await this.call("object_snapshot", { object });
		const how = Object.fromEntries(maps.map((map) => [map.name.replace(/^.*(?=[.])/, ""), map.how]));
		expect(how).toMatchObject({
			...Object.fromEntries(restorable.map((name) => [name, "restored"])),
			ring: "drained",
			perf: "drained",
		});
		expect(Object.values(how)).not.toContain("unsupported");
		return object;
	}

	async contents(object: number): Promise<Record<string, string[]>> {
		const maps: Record<string, string[]> = {};
		for (const name of restorable) maps[name] = await this.dump(object, name);
		return maps;
	}
}

/** To be called in a `describe`: clones the guest before its tests, disposes of it after them. */
export function guestWithMaps(kernel: string): GuestWithMaps {
	const maps = new GuestWithMaps();
	beforeAll(async () => {
		maps.guest = await machines.clone(await openKernel(kernel));
	});
	afterAll(() => maps.guest.dispose());
	return maps;
}
