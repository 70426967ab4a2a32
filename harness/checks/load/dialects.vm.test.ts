// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dialect } from "../../data/package/elf/dialect.js";
import type { Package } from "../../data/package/package.js";
import { generateLoader } from "../../data/signing/loader/generate.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { loadCheck } from "./load-check.js";
import { packageOf } from "./testload.js";

const given = {
	programs: {
		sampler: { type: "socket_filter" },
		guard: { type: "cgroup_sock_addr", attach_type: "cgroup_inet4_connect" },
	},
};

it("a signed loader gives programs and maps what the package's loader gives them", async () => {
	const [object] = (await packageOf("maps", { dialect: "cilium/ebpf" }, {}, "-DOLD")).objects;
	const [sections] = (await packageOf("sections", { dialect: "cilium/ebpf" }, given)).objects;
	const [unknown] = (await packageOf("sections")).objects;
	if (!object || !sections || !unknown) throw new Error("a package without objects");
	expect((await generateLoader(object, "insns")).maps).toEqual(["counts", "seen"]);
	expect((await generateLoader(sections, "insns")).programs).toHaveLength(5);
	await expect(generateLoader(unknown, "insns")).rejects.toThrow(/xdp_ratelimiting/);
});

describe.each(["5.10", "7.3"])("on %s", (kernel) => {
	let bench: Awaited<ReturnType<typeof testbench>>;
	beforeAll(async () => {
		bench = await testbench(kernel);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	/** Cases that did not pass, with their reasons' codes; the guest is clean afterwards. */
	async function failures(pkg: Package): Promise<Record<string, string>> {
		const findings = await bench.check(pkg, loadCheck);
		const failed = [...findings.values()].filter(({ outcome }) => outcome !== "pass");
		return Object.fromEntries(failed.map(({ case: name, reason }) => [name, reason?.code ?? ""]));
	}

	it("loads and attaches what the manifest's loader takes by the beginning of its section", async () => {
		const pkg = await packageOf("sections", { dialect: "cilium/ebpf" }, given);
		expect(await failures(pkg)).toEqual({});
		const findings = await bench.check(pkg, loadCheck);
		for (const name of ["limit", "root", "mark", "guard"])
			expect(findings.get(`attach/${name}`)?.outcome).toBe("pass");
		expect(findings.get("program/mark")?.evidence).toMatchObject({ type: "sched_cls" });
	});

	it("loads them by a type or a hook of the manifest, whatever the loader", async () => {
		const attach = (hook: string) => ({ attach: { hook } });
		const programs = { limit: attach("xdp"), root: attach("xdp"), mark: attach("tc_egress") };
		const pkg = await packageOf("sections", {}, { programs: { ...given.programs, ...programs } });
		expect(await failures(pkg)).toEqual({});
	});

	it("says which loader takes a section as what", async () => {
		const findings = await bench.check(await packageOf("sections"), loadCheck);
		const reasonOf = (name: string) => findings.get(`program/${name}`)?.reason;
		expect(reasonOf("limit")).toMatchObject({
			code: "unknown-section",
			hint: expect.stringContaining('cilium/ebpf loads it as xdp: set "dialect": "cilium/ebpf"'),
		});
		expect(reasonOf("mark")?.hint).toContain("loads it as sched_cls");
		expect(reasonOf("sampler")).toMatchObject({ code: "unknown-section" });
		expect(reasonOf("sampler")?.hint).toContain("programs.<name>.type");
	});

	it.each<[Dialect, boolean]>([
		["libbpf", false],
		["cilium/ebpf", true],
		["aya", true],
		["libbpf-legacy", true],
	])("maps of the old kind: %s takes them: %s", async (dialect, takes) => {
		const pkg = await packageOf("maps", { dialect }, {}, "-DOLD");
		const failed = await failures(pkg);
		if (takes) expect(failed).toEqual({});
		else expect(failed).toMatchObject({ "program/count": "legacy-map" });
	});

	it("maps with sizes that the kernel refuses and cilium/ebpf corrects", async () => {
		const pkg = (dialect: Dialect, settings = {}) => packageOf("maps", { dialect }, settings, "-DRING");
		expect(await failures(await pkg("cilium/ebpf"))).toEqual({});
		expect(await failures(await pkg("libbpf"))).toMatchObject({ "map/events": "map-attributes" });
		const sizes = { maps: { events: { value_size: 0 }, samples: { value_size: 4, max_entries: "cpus" } } };
		expect(await failures(await pkg("libbpf", sizes))).toEqual({});
	});

	it("a kind of pinning that only the package's loader knows", async () => {
		const pkg = (dialect: Dialect) => packageOf("maps", { dialect }, {}, "-DPINNING=16");
		expect(await failures(await pkg("cilium/ebpf"))).toEqual({});
		const maps = { counts: { pinning: "/sys/fs/bpf/own/counts" } };
		expect(
			await failures(await packageOf("maps", { dialect: "cilium/ebpf" }, { maps }, "-DPINNING=16")),
		).toEqual({});
		const refused = (await bench.check(await pkg("libbpf"), loadCheck)).get("program/count")?.reason;
		expect(refused).toMatchObject({
			code: "map-definition",
			message: expect.stringMatching(/counts in the way 16/),
		});
		expect(refused?.hint).toMatch(/"dialect".*maps\.counts\.pinning/);
	});

	it("takes map_extra from the manifest, leaves maps out, and has one NUMA node", async () => {
		const filter = async (settings: Record<string, unknown>, filtering = 1) => {
			const given = { maps: { filter: settings }, rodata: { filtering } };
			return failures(await packageOf("maps", {}, given, "-DBLOOM"));
		};
		if (kernel === "5.10") expect(await filter({})).toHaveProperty("map/filter");
		else {
			expect(await filter({ map_extra: 3 })).toEqual({});
			expect(await filter({ map_extra: 16 })).toMatchObject({ "map/filter": "map-attributes" });
		}
		expect(await filter({ autocreate: false }, 0)).toEqual({});
		expect(await filter({ autocreate: false })).toMatchObject({ "program/count": "map-type-unsupported" });
	});

	it("says why a map cannot be pinned", async () => {
		const maps = (path: string) => ({ maps: { counts: { pinning: path }, seen: { pinning: path } } });
		const reasonOf = async (map: string, ...of: Parameters<typeof packageOf>) =>
			(await bench.check(await packageOf(...of), loadCheck)).get(`map/${map}`)?.reason;
		expect(await reasonOf("seen", "maps", {}, maps("/sys/fs/bpf/one"))).toMatchObject({
			code: "pin-mismatch",
			message: expect.stringMatching(/^map seen \(type hash, .* is already pinned at \/sys\/fs\/bpf\/one/),
		});
		const dotted = { maps: { ".bss": { pinning: "by_name" } } };
		expect(await reasonOf(".bss", "uprobe_nowhere", {}, dotted)).toMatchObject({
			code: "pin-refused",
			message: expect.stringMatching(/^map \.bss cannot be pinned at \/sys\/fs\/bpf\/\.bss: -?EPERM/),
		});
	});

	it("takes type, flags and pinning of a map from the manifest", async () => {
		const maps = {
			counts: { pinning: "none" },
			seen: { type: "lru_hash", flags: 0, pinning: "by_name", key_size: 4 },
		};
		expect(await failures(await packageOf("maps", {}, { maps }, "-DPINNING=1"))).toEqual({});
		// An LRU map cannot be made without preallocation: the flag of the object is refused.
		const kept = await packageOf("maps", {}, { maps: { seen: { type: "lru_hash" } } });
		expect(await failures(kept)).toHaveProperty("map/seen");
	});
});
