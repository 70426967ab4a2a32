// SPDX-License-Identifier: Apache-2.0
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readObject } from "../object.js";
import { openPackage } from "../package.js";
import { sampleFiles, sampleManifest, temporaryFolder } from "../testpackage.js";
import type { Chain } from "./chain.js";
import { checkChainPrograms } from "./chain-program.js";
import { chainObject } from "./testchain.js";

const object = (file: string, ...args: Parameters<typeof chainObject>) => ({
	file,
	...readObject(file, chainObject(...args)),
});
const objects = [
	object("x.o", ["a", "b", "root"], "xdp", ["first", "counts"]),
	object("y.o", ["a", "d"], "xdp"),
	object("t.o", ["t"], "tcx/ingress"),
	object("c.o", ["c4"], "cgroup/connect4"),
	object("s.o", ["s"], "cgroup/skb"),
	object("odd.o", ["odd"], "our_own_section"),
];
const check = (chain: Omit<Chain, "name">) =>
	checkChainPrograms("bpfgate.json", [{ name: "x", ...chain }], objects);

it("takes programs that are there, and what stands in another package unseen", () => {
	check({
		hook: "xdp",
		root_program: { program: "root", map: "first" },
		members: [
			{ program: "b", next: "first" },
			{ program: { object: "y.o", program: "a" } },
			{ program: { package: "other", program: "whatever" }, next: "theirs" },
			{ program: "odd" },
		],
	});
	check({ hook: "cgroup_connect4", members: [{ program: "c4" }] });
	check({ hook: "cgroup_skb_egress", members: [{ program: "s" }] });
	check({ hook: "netkit_peer", members: [{ program: "t" }] });
});

describe("refuses", () => {
	const on = (hook: Chain["hook"], ...members: Chain["members"]) => ({ hook, members });
	it.each<[string, Omit<Chain, "name">, string]>([
		[
			"a program that is not there",
			on("xdp", { program: "b" }, { program: "z" }),
			'/chains/0/members/1/program: no object has a program "z"; there are a, b, root, a, d, t, c4, s and 1 more',
		],
		[
			"one that two objects have",
			on("xdp", { program: "a" }),
			'/chains/0/members/0/program: x.o and y.o both have a program "a": name the object',
		],
		[
			"an object that is not there",
			on("xdp", { program: { object: "z.o", program: "a" } }),
			"/chains/0/members/0/program/object: is not an object of the package",
		],
		[
			"a program that the named object has not",
			on("xdp", { program: { object: "t.o", program: "a" } }),
			'/chains/0/members/0/program/program: no object has a program "a"; there is t',
		],
		[
			"a program of another type",
			on("xdp", { program: "t" }),
			"/chains/0/members/0/program: t is of type sched_cls, which xdp does not take",
		],
		[
			"a cgroup program of another hook",
			on("cgroup_connect6", { program: "c4" }),
			"/chains/0/members/0/program: c4 is made for cgroup_inet4_connect, which cgroup_connect6 does not take",
		],
		[
			"two words for one program",
			on("xdp", { program: "b" }, { program: { object: "x.o", program: "b" } }),
			"/chains/0/members/1/program: b is /members/0 already",
		],
		[
			"a root among the members",
			{ hook: "xdp", root_program: { program: "b", map: "first" }, members: [{ program: "b" }] },
			"/chains/0/root_program/program: b is /members/0 already",
		],
		[
			"a map that is not there",
			on("xdp", { program: "b", next: "second" }),
			'/chains/0/members/0/next: x.o has no map "second"',
		],
		[
			"a map of another type",
			{ hook: "xdp", root_program: { program: "root", map: "counts" }, members: [{ program: "b" }] },
			"/chains/0/root_program/map: counts is of type array, not prog_array",
		],
	])("%s", (_, chain, message) => {
		expect(() => check(chain)).toThrow(
			expect.objectContaining({ name: "InputError", message: `bpfgate.json: ${message}` }),
		);
	});
});

it("what a loader ships belongs to the package and its digest, an object only once", async () => {
	const chains = [
		{
			name: "front",
			hook: "xdp",
			members: [{ program: "count" }],
			loader: { command: ["sh", "load.sh"], files: ["load.sh", "bpf/count.bpf.o"] },
		},
	];
	await using folder = await temporaryFolder({
		...sampleFiles({ ...sampleManifest, chains }),
		"load.sh": "x",
	});
	const pkg = await openPackage(folder.path);
	expect(pkg.loaderFiles.map(({ file }) => file)).toEqual(["load.sh", "bpf/count.bpf.o"]);
	expect(pkg.loaderFiles[1]!.bytes).toBe(pkg.objects[0]!.bytes);
	await writeFile(join(folder.path, "load.sh"), "y");
	expect((await openPackage(folder.path)).sha256).not.toBe(pkg.sha256);
	await using without = await temporaryFolder(sampleFiles({ ...sampleManifest, chains }));
	await expect(openPackage(without.path)).rejects.toThrow(
		'/chains/0/loader/files/0: "load.sh" is missing from the package',
	);
});
