// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import type { Chain } from "../../data/package/sections/chain.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { chainBench, chainPackage, failures } from "./testchainbench.js";

const xdpLoader = "/usr/sbin/xdp-loader";

/** Of xdp-tools, as its package installs it. */
function debianObject(name: string): string {
	return join(`/usr/lib/${machine()}-linux-gnu/bpf`, name);
}

/** A program as Debian installs it, with the dynamic linker and libraries that it needs. */
async function withLibraries(program: string): Promise<{ files: Map<string, Uint8Array>; linker: string }> {
	const { stdout } = await execa("ldd", [program]);
	const paths = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
	const files = new Map<string, Uint8Array>();
	for (const path of [program, ...paths]) files.set(`bin/${basename(path)}`, await readFile(path));
	return { files, linker: `bin/${basename(paths.find((path) => basename(path).startsWith("ld-"))!)}` };
}

interface Member {
	name: string;
	/**
	 * What its object says of itself, and the manifest promises unless `promised` is something
	 * else.
	 */
	priority: number;
	promised?: number;
	/** Of an object that is compiled for it. */
	verdict?: string;
	/** Debian's own object. */
	object?: string;
}

interface Options {
	/** The order in which the loader gets the objects. */
	loaded: readonly string[];
	/** Files that are not shipped, though the loader needs them. */
	without?: RegExp;
}

/** A package whose chain Debian's xdp-loader builds. */
async function loaderPackage(members: readonly Member[], { loaded, without }: Options): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-loader-"));
	try {
		const { files, linker } = await withLibraries(xdpLoader);
		for (const { name, priority, verdict = "XDP_PASS", object } of members) {
			const flags = [`-DNAME=${name}`, `-DPRIORITY=${priority}`, `-DVERDICT=${verdict}`];
			const source = join(import.meta.dirname, "testdata/xdp-run-config.bpf.c");
			files.set(`${name}.bpf.o`, object ? await readFile(object) : await compileBpf(source, ...flags));
		}
		await mkdir(join(folder, "bin"));
		for (const [path, bytes] of files) await writeFile(join(folder, path), bytes);
		const start = [linker, "--library-path", "bin", `bin/${basename(xdpLoader)}`];
		const objects = loaded.map((name) => `${name}.bpf.o`);
		const chain = {
			...{ name: "edge", hook: "xdp", mechanism: "dispatcher" },
			members: members.map(({ name, priority, promised = priority }) => ({
				program: name,
				priority: promised,
			})),
			loader: {
				command: [...start, "load", "-m", "skb", "{device}", ...objects],
				files: [...files.keys()].filter((path) => !without?.test(path)),
			},
		};
		const all = members.map(({ name }) => `${name}.bpf.o`);
		const manifest = { name: "front", version: "1", objects: all, chains: [chain] };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

const members: Member[] = [
	{ name: "account", priority: 5 },
	{ name: "xdpfilt_alw_all", priority: 10, object: debianObject("xdpfilt_alw_all.o") },
	{ name: "meter", priority: 30 },
];
const loaded = ["meter", "xdpfilt_alw_all", "account"];

describe.each(["6.1", "6.12", "7.3"])("Debian's xdp-loader on %s", (id) => {
	it("builds by run_prio, whatever the order of its arguments, and packets meet the chain so", async () => {
		const bench = await chainBench(id);
		const findings = await bench.check(await loaderPackage(members, { loaded }));
		await bench.dispose();
		expect(failures(findings)).toEqual([]);
		expect([...findings.keys()]).toEqual(["edge/loader", "edge/configured", "edge/executed"]);
		expect(findings.get("edge/loader")!.evidence).toMatchObject({
			status: 0,
			listed: [
				{ member: "account", priority: 5 },
				{ member: "xdpfilt_alw_all", priority: 10 },
				{ member: "meter", priority: 30 },
			],
		});
		const met = ["account (XDP_PASS)", "xdpfilt_alw_all (XDP_PASS)", "meter (XDP_PASS)"];
		expect(findings.get("edge/executed")!.evidence).toMatchObject({ executed: met });
	});
});

describe("differences between xdp-loader's chain and the manifest, on 7.3", () => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench("7.3");
	});
	afterAll(() => bench.dispose());

	const said = async (members: readonly Member[], options: Partial<Options> = {}) => {
		const loaded = members.map(({ name }) => name);
		const findings = await bench.check(await loaderPackage(members, { loaded, ...options }));
		return Object.fromEntries([...findings].map(([name, { reason }]) => [name.split("/")[1], reason]));
	};

	it("are reported with priorities and positions", async () => {
		const { loader, configured, executed } = await said([
			{ name: "account", priority: 20, promised: 10 },
			{ name: "meter", priority: 10, promised: 20 },
		]);
		expect(loader).toMatchObject({ code: "loader-priority" });
		expect(loader!.message).toContain("meter has priority 10, expected 20");
		expect(configured!.message).toContain("account: expected at position 1, found at 2");
		expect(executed!.message).toContain("account: expected at position 1, ran at 2");
	});

	it("name a member that another one hides", async () => {
		const { loader, configured, executed } = await said([
			{ name: "account", priority: 10, verdict: "XDP_DROP" },
			{ name: "meter", priority: 20 },
		]);
		expect([loader, configured]).toEqual([undefined, undefined]);
		expect(executed).toMatchObject({ code: "member-never-ran" });
		expect(executed!.message).toMatch(/^meter: expected at position 2, never ran/);
	});

	it("name a member that the loader did not load", async () => {
		const pkg = [
			{ name: "account", priority: 10 },
			{ name: "meter", priority: 20 },
		];
		const { configured } = await said(pkg, { loaded: ["account"] });
		expect(configured!.message).toContain("meter: expected at position 2, not on the hook");
	});

	it("are not looked for when the loader lacks a library", async () => {
		const { loader, configured } = await said([{ name: "account", priority: 10 }], { without: /libelf/ });
		expect(loader).toMatchObject({ code: "loader-failed" });
		expect(loader!.message).toMatch(/ended with 127: .*libelf/);
		expect(configured!.message).toContain("account: expected at position 1, not on the hook");
	});

	it("are not looked for where bpfgate cannot record the programs", async () => {
		const chain: Chain = {
			...{ name: "edge", hook: "cgroup_connect4", members: [{ program: "connect4_a" }] },
			loader: { command: ["attach-all"] },
		};
		const findings = await bench.check(await chainPackage("cgroup-members.bpf.c", [chain]));
		expect([...findings.values()].map(({ outcome, reason }) => [outcome, reason?.code])).toEqual(
			Array(3).fill(["skip", "loader-unfollowed"]),
		);
	});

	it("are not looked for when the loader cannot be started", async () => {
		const { loader } = await said([{ name: "account", priority: 10 }], { without: /bin\/ld-/ });
		expect(loader!.message).toMatch(/could not be started: ENOENT$/);
	});
});
