// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../../data/package/package.js";
import type { Chain } from "../../../data/package/sections/chain.js";
import type { ChainSource } from "../../../data/package/sections/chain-file.js";
import type { ChainMechanism } from "../../../data/package/sections/chain-hooks.js";
import { chainObject } from "../../../data/package/sections/testchain.js";
import { temporaryFolder } from "../../../data/package/testpackage.js";
import { absentPackages, chainsOf, declaredChain, reportingPackage } from "./declared-chain.js";
import { verdictName } from "./proceed.js";

async function pkg(name: string, version: string, objects: Record<string, Uint8Array>, chains?: Chain[]) {
	await using folder = await temporaryFolder({
		...objects,
		"bpfgate.json": JSON.stringify({ name, version, objects: Object.keys(objects), chains }),
	});
	return await openPackage(folder.path);
}

const front: Chain = {
	name: "front",
	hook: "xdp",
	members: [
		{ program: "filter", priority: 10, proceed_on: ["XDP_PASS", "XDP_TX"] },
		{ program: { package: "meter", program: "count" }, priority: 20 },
	],
};
const loader: Chain = {
	name: "loaded",
	hook: "xdp",
	root_program: { program: "root", map: "first" },
	members: [{ program: "filter", next: "filter_next" }, { program: { package: "meter", program: "filter" } }],
	loader: { command: ["xdp-loader", "load"] },
};
const firewall = await pkg(
	"firewall",
	"1.0",
	{ "f.o": chainObject(["filter", "root"], "xdp", ["first", "filter_next"]) },
	[front, loader],
);
const meter = await pkg("meter", "2.1", {
	"m.o": chainObject(["count", "filter"]),
	"t.o": chainObject(["mark"], "tc"),
});
const old = await pkg("meter", "2.0", { "m.o": chainObject(["count"]) });
const kernel = (...mechanisms: ChainMechanism[]) => new Set(mechanisms);
const modern = kernel("dispatcher", "tail_call", "tc", "tcx", "netkit", "cgroup");
const outside = (chain: Partial<Chain>): ChainSource => ({
	file: "chain.json",
	pointer: "/chains/0",
	chain: { ...front, members: [], ...chain },
});

describe("a declared chain", () => {
	it("has the programs of several packages, their priorities and verdicts as numbers", () => {
		const [source] = chainsOf([firewall, meter]);
		const chain = declaredChain(source!, [firewall, meter], modern);
		expect(chain).toMatchObject({ name: "front", hook: "xdp", mechanism: "dispatcher" });
		expect(
			chain.members.map(({ label, pkg, object, priority, proceed }) => [
				label,
				`${pkg.name} ${pkg.version}`,
				object.file,
				priority,
				[...proceed!],
			]),
		).toEqual([
			["filter", "firewall 1.0", "f.o", 10, [2, 3]],
			["count", "meter 2.1", "m.o", 20, [2]],
		]);
	});

	it("has its root, its loader, and labels that distinguish programs of one name", () => {
		const chain = declaredChain(chainsOf([firewall, meter])[1]!, [firewall, meter], modern);
		expect(chain.mechanism).toBe("tail_call");
		expect(chain.root).toMatchObject({ map: "first", program: { name: "root" } });
		expect(chain.loader).toEqual({ command: ["xdp-loader", "load"], pkg: firewall });
		expect(chain.members.map(({ label, next, priority }) => [label, next, priority])).toEqual([
			["firewall/filter", "filter_next", 1],
			["meter/filter", undefined, 2],
		]);
	});

	it.each<[Chain["hook"], ChainMechanism[], ChainMechanism]>([
		["tc_ingress", ["tc", "tcx"], "tcx"],
		["tc_ingress", ["tc"], "tc"],
		["tc_egress", [], "tcx"],
		["tcx_egress", ["tc"], "tcx"],
	])("on %s of a kernel with %j is made by %s", (hook, has, mechanism) => {
		const source = outside({ hook, members: [{ program: { package: "meter", program: "mark" } }] });
		const chain = declaredChain(source, [meter], kernel(...has));
		expect(chain.mechanism).toBe(mechanism);
		expect(chain.members[0]!.proceed).toBeUndefined();
	});
});

describe("refuses", () => {
	const count = { package: "meter", program: "count" };
	it.each<[string, Partial<Chain>, Package[], string]>([
		[
			"a package that is not there",
			{ members: [{ program: count }] },
			[firewall],
			"/members/0/program/package: meter is not among the packages: firewall 1.0",
		],
		[
			"a version that is not there",
			{ members: [{ program: { ...count, version: "3" } }] },
			[firewall, meter],
			"/members/0/program/package: meter 3 is not among the packages: firewall 1.0, meter 2.1",
		],
		[
			"a package with two versions",
			{ members: [{ program: count }] },
			[meter, old],
			"/members/0/program/package: meter is given in the versions 2.1 and 2.0: name the version",
		],
		[
			"a version that is given twice",
			{ members: [{ program: { ...count, version: "2.0" } }] },
			[old, old],
			"/members/0/program/package: meter 2.0 is given twice",
		],
		[
			"a program that the other package has not",
			{ members: [{ program: { package: "meter", program: "x" } }] },
			[meter],
			'/members/0/program/program: no object has a program "x"; there are count, filter, mark',
		],
		[
			"a program under two words",
			{ members: [{ program: count }, { program: { ...count, version: "2.1" } }] },
			[meter],
			"/members/1/program: count is already /chains/0/members/0",
		],
		[
			"a verdict of another hook",
			{ members: [{ program: count, proceed_on: ["XDP_PASS", "TC_ACT_OK"] }] },
			[meter],
			"/members/0/proceed_on/1: TC_ACT_OK is not a verdict of xdp; expected one of XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT",
		],
		[
			"a map that the other package has not",
			{
				root_program: { program: { package: "firewall", program: "root" }, map: "first" },
				members: [{ program: count, next: "n" }],
			},
			[firewall, meter],
			'/members/0/next: m.o has no map "n"',
		],
		[
			"a root's map that is not there",
			{
				root_program: { program: { package: "firewall", program: "root" }, map: "1st" },
				members: [{ program: count }],
			},
			[firewall, meter],
			'/root_program/map: f.o has no map "1st"',
		],
		[
			"contents of a map that is not there",
			{ members: [{ program: count, maps_before: { "a/b": { 0: 1 } } }] },
			[meter],
			"/members/0/maps_before/a~1b: m.o has no map a/b; it has ",
		],
		[
			"contents of the root's array",
			{
				root_program: {
					program: { package: "firewall", program: "root" },
					map: "first",
					maps_before: { filter_next: { 0: { program: "filter" } }, first: [] },
				},
				members: [{ program: count }],
			},
			[firewall, meter],
			"/root_program/maps_before/first: leads to the next member: the chain fills it",
		],
	])("%s", (_, chain, packages, message) => {
		expect(() => declaredChain(outside(chain), packages, modern)).toThrow(
			expect.objectContaining({ name: "InputError", message: `chain.json: /chains/0${message}` }),
		);
	});
});

it.each([
	["tcx", -1, "TCX_NEXT"],
	["tc", -1, "TC_ACT_UNSPEC"],
	["netkit", 7, "NETKIT_REDIRECT"],
	["tcx", 3, "TC_ACT_PIPE"],
] as const)("%s calls %i %s", (mechanism, verdict, name) => {
	expect(verdictName(mechanism, "sched_cls", verdict)).toBe(name);
});

it("names each absent package of a chain once", () => {
	const [front, loaded] = chainsOf([firewall]) as [ChainSource, ChainSource];
	expect(absentPackages(front, [firewall])).toEqual(["meter"]);
	expect(absentPackages(front, [firewall, old])).toEqual([]);
	expect(absentPackages(loaded, [meter])).toEqual([]);
	const program = { package: "meter", version: "2.1", program: "count" };
	const root = { program: { package: "firewall", program: "root" }, map: "first" };
	const far = outside({
		members: [{ program }, { program: { ...program, program: "x" } }],
		root_program: root,
	});
	expect(absentPackages(far, [old])).toEqual(["meter 2.1", "firewall"]);
	expect(absentPackages(far, [firewall, meter])).toEqual([]);
});

it("a chain is reported by its package, a chain file's by the package of its first member", () => {
	const [front] = chainsOf([firewall]);
	expect(reportingPackage(front!, [meter])).toBe(firewall);
	const program = { package: "meter", version: "2.0", program: "count" };
	const far = outside({ members: [{ program }, { program: { package: "firewall", program: "filter" } }] });
	expect(reportingPackage(far, [meter, firewall, old])).toBe(old);
	expect(reportingPackage(far, [firewall, meter])).toBeUndefined();
});
