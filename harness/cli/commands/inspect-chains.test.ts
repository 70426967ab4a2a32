// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { openPackage } from "../../data/package/package.js";
import type { Chain } from "../../data/package/sections/chain.js";
import { chainObject } from "../../data/package/sections/testchain.js";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { run } from "./inspect.js";

async function inspect(objects: Record<string, Uint8Array>, chains: Chain[], ...options: string[]) {
	await using folder = await temporaryFolder({
		...objects,
		"load.sh": "",
		"bpfgate.json": JSON.stringify({ name: "wall", version: "1", objects: Object.keys(objects), chains }),
	});
	await openPackage(folder.path);
	let output = "";
	const write = (text: string) => {
		output += text;
	};
	const signal = () => new AbortController().signal;
	await run([folder.path], options.includes("--json") ? { json: true } : {}, { write, signal });
	return output;
}
const textOf = async (...args: Parameters<typeof inspect>) =>
	(await inspect(...args)).split("\nchain ").slice(1);

const xdp = { "x.o": chainObject(["filter", "log", "root"], "xdp", ["first", "filter_next"]) };
const meter: Chain["members"][0] = {
	program: { package: "meter", version: "2.1", object: "m.o", program: "count" },
	priority: 20,
};
const chains: Chain[] = [
	{
		name: "edge",
		hook: "xdp",
		members: [{ program: "filter", priority: 10, proceed_on: ["XDP_PASS", "XDP_TX"] }, meter],
		packets: [{ packet: { hex: "00".repeat(14) } }],
		loader: { command: ["sh", "load.sh"], files: ["load.sh"] },
	},
	{
		name: "l3af",
		hook: "xdp",
		root_program: { program: "root", map: "first" },
		members: [{ program: "filter", next: "filter_next" }, { program: "log" }],
	},
];

it("prints chains in the order that they promise", async () => {
	expect(await textOf(xdp, chains)).toEqual([
		[
			"edge: xdp by dispatcher",
			"  member                    priority  goes on after",
			"  filter                    10        XDP_PASS, XDP_TX",
			"  count of meter 2.1 (m.o)  20        XDP_PASS",
			"  packets: 1 of its own",
			"  built by: sh load.sh",
			"",
		].join("\n"),
		[
			"l3af: xdp by tail_call",
			"  member  priority  goes on after  next",
			"  filter  1         XDP_PASS       filter_next",
			"  log     2         XDP_PASS",
			"  root program: root, whose map is first",
			"",
		].join("\n"),
	]);
});

it("prints those of other hooks without what means nothing there", async () => {
	const members = [{ program: "a" }, { program: "b" }];
	const text = await textOf({ "t.o": chainObject(["a", "b"], "tc") }, [
		{ name: "in", hook: "tc_ingress", members },
	]);
	expect(text).toEqual(["in: tc_ingress by tcx, else tc\n  member\n  a\n  b\n"]);
	const cgroup = [
		{ program: "a", cgroup: "pod" },
		{ program: "b", preorder: true },
	];
	const object = { "c.o": chainObject(["a", "b"], "cgroup/bind4") };
	expect(await textOf(object, [{ name: "c", hook: "cgroup_bind4", members: cgroup }])).toEqual([
		"c: cgroup_bind4 by cgroup\n  member  cgroup\n  a       pod\n  b               preorder\n",
	]);
});

it("prints which maps they fill", async () => {
	const filling: Chain[] = [
		{
			name: "l3af",
			hook: "xdp",
			root_program: { program: "root", map: "first", maps_before: { counts: { 0: 2 } } },
			members: [
				{ program: "filter", next: "filter_next", maps_before: { counts: { 0: 1 } } },
				{ program: "log" },
			],
		},
	];
	const object = { "x.o": chainObject(["filter", "log", "root"], "xdp", ["first", "filter_next", "counts"]) };
	expect(await textOf(object, filling)).toEqual([
		[
			"l3af: xdp by tail_call",
			"  member  priority  goes on after  next         fills",
			"  filter  1         XDP_PASS       filter_next  counts",
			"  log     2         XDP_PASS",
			"  root program: root, whose map is first; fills counts",
			"",
		].join("\n"),
	]);
	const [{ members, root_program }] = JSON.parse(await inspect(object, filling, "--json")).chains;
	expect([members[0].maps_before, root_program.maps_before]).toEqual([["counts"], ["counts"]]);
});

it("prints them as JSON", async () => {
	const { chains: told } = JSON.parse(await inspect(xdp, chains, "--json"));
	expect(told).toEqual([
		{
			...{ name: "edge", hook: "xdp", mechanisms: ["dispatcher"], packets: 1, loader: ["sh", "load.sh"] },
			members: [
				{ program: { program: "filter" }, priority: 10, proceed_on: ["XDP_PASS", "XDP_TX"] },
				{ ...meter, proceed_on: ["XDP_PASS"] },
			],
		},
		{
			...{ name: "l3af", hook: "xdp", mechanisms: ["tail_call"] },
			root_program: { program: { program: "root" }, map: "first" },
			members: [
				{ program: { program: "filter" }, priority: 1, proceed_on: ["XDP_PASS"], next: "filter_next" },
				{ program: { program: "log" }, priority: 2, proceed_on: ["XDP_PASS"] },
			],
		},
	]);
	expect(JSON.parse(await inspect(xdp, [chains[1]!], "--json")).chains[0]).not.toHaveProperty("packets");
});

it("refuses a verdict that there is not", async () => {
	const wrong = { program: "filter", proceed_on: ["TC_ACT_OK"] };
	await expect(inspect(xdp, [{ name: "x", hook: "xdp", members: [wrong] }])).rejects.toThrow(
		"bpfgate.json: /chains/0/members/0/proceed_on/0: TC_ACT_OK is not a verdict of xdp",
	);
});
