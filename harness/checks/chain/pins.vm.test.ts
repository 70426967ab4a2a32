// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { chainBench, failures } from "./testchainbench.js";

const source = join(import.meta.dirname, "testdata/pins.bpf.c");

/** One object of the package: its program, the map `next` it calls from, the size of `stats`. */
interface Part {
	program: string;
	next?: string;
	entries?: number;
	/** In the manifest. */
	settings?: Record<string, unknown>;
}

/** A chain of tail calls of these objects' programs, the first being its root. */
async function packageOf(...parts: [Part, ...Part[]]): Promise<Package> {
	const files: Record<string, Uint8Array | string> = {};
	for (const { program, next = `${program}_next`, entries } of parts) {
		const size = entries === undefined ? [] : [`-DENTRIES=${entries}`];
		files[`${program}.o`] = await compileBpf(source, `-DNAME=${program}`, `-DNEXT=${next}`, ...size);
	}
	const [root, ...members] = parts;
	const chain = {
		...{
			name: "edge",
			hook: "xdp",
			root_program: { program: root.program, map: root.next ?? `${root.program}_next` },
		},
		members: members.map(({ program, next = `${program}_next` }) => ({ program, next })),
	};
	const objects = parts.map(({ program, settings }) => ({ file: `${program}.o`, ...settings }));
	const manifest = { name: "pins", version: "1", objects, chains: [chain] };
	await using folder = await temporaryFolder({ ...files, "bpfgate.json": JSON.stringify(manifest) });
	return await openPackage(folder.path);
}

describe.each(["5.10", "7.3"])("pins of a chain on %s", (kernel) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench(kernel);
	});
	afterAll(() => bench.dispose());

	it("are reused by a second load of a member where the manifest gives their paths", async () => {
		const at = (program: string) => ({
			program,
			settings: { maps: { [`${program}_next`]: { pinning: `/sys/fs/bpf/eth0/${program}/next` } } },
		});
		const findings = await bench.check(await packageOf(at("root"), at("limit"), at("count")));
		expect(failures(findings)).toEqual([]);
	});

	it("are one map for all members that pin it at one path; others are of each load", async () => {
		const findings = await bench.check(
			await packageOf(
				{ program: "root" },
				{ program: "limit", entries: 4 },
				{ program: "count", entries: 4 },
			),
		);
		expect(failures(findings)).toEqual([]);
		const { users, note, path } = findings.get("edge/pin/stats")!.evidence as {
			users: { map_id: number }[];
			note: string;
			path: string;
		};
		expect(findings.has("edge/replace/limit")).toBe(true);
		expect(path).toBe("/sys/fs/bpf/stats");
		expect(note).toBe("limit and count share one map: stats, pinned at /sys/fs/bpf/stats");
		expect(new Set(users.map(({ map_id }) => map_id)).size).toBe(1);
	});

	it("cannot be one map of two definitions", async () => {
		const parts = (settings = {}): [Part, ...Part[]] => [
			{ program: "root" },
			{ program: "limit", entries: 4 },
			{ program: "count", entries: 8, settings },
		];
		const findings = await bench.check(await packageOf(...parts()));
		const [mismatch, ...others] = failures(findings);
		expect(mismatch).toBe(
			"edge/pin/stats: limit and count both pin a map at /sys/fs/bpf/stats, but their definitions differ: limit has max_entries 4, count 8",
		);
		const unbuilt = [...findings.keys()].filter((name) => !/\/(pin\/stats|promises)$/.test(name));
		expect(unbuilt).toContain("edge/replace/count");
		expect(others).toEqual(
			unbuilt.map((name) => `${name}: the chain was not built, as edge/pin/stats reports`),
		);
		for (const settings of [
			{ pin_root: "/sys/fs/bpf/count" },
			{ maps: { stats: { max_entries: 4 } } },
			{ maps: { stats: { pinning: "none" } } },
		])
			expect(
				failures(
					new Map((await bench.orders(await packageOf(...parts(settings)))).map((each) => [each.case, each])),
				),
			).toEqual([]);
	});

	it("cannot be one array that leads to the next member of each", async () => {
		const own = (program: string) => ({
			program,
			next: "next",
			settings: { pin_root: `/sys/fs/bpf/${program}` },
		});
		const shared = await packageOf(
			{ program: "root" },
			{ program: "limit", next: "next" },
			{ program: "count", next: "next" },
		);
		expect(failures(await bench.check(shared))[0]).toBe(
			"edge/pin/next: limit and count pin their prog_array at one path, /sys/fs/bpf/next: slot 0 of one array cannot lead to two next members",
		);
		const findings = await bench.check(await packageOf({ program: "root" }, own("limit"), own("count")));
		expect(failures(findings)).toEqual([]);
	});
});
