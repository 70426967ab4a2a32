// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../base/errors.js";
import { openPackage } from "../../../data/package/package.js";
import type { Chain } from "../../../data/package/sections/chain.js";
import { chainObject } from "../../../data/package/sections/testchain.js";
import { temporaryFolder } from "../../../data/package/testpackage.js";
import { assertChains, openChains } from "./chain-files.js";

const chain = (name: string, ...members: Chain["members"]): Chain => ({ name, hook: "xdp", members });
const wall = { program: { package: "wall", program: "filter" } };
const meter = { program: { package: "meter", version: "1", program: "count" } };

/**
 * Opens the chains of files among packages `wall` (with these chains in its manifest) and `meter`.
 */
async function open(
	files: Record<string, unknown>,
	{ own, alone = false }: { own?: Chain[]; alone?: boolean } = {},
) {
	const manifest = (name: string, chains?: Chain[]) =>
		JSON.stringify({ name, version: "1", objects: ["x.o"], chains });
	await using folder = await temporaryFolder({
		"wall/x.o": chainObject(["filter", "log"]),
		"wall/bpfgate.json": manifest("wall", own),
		"meter/x.o": chainObject(["count"]),
		"meter/bpfgate.json": manifest("meter"),
		...Object.fromEntries(Object.entries(files).map(([name, value]) => [name, JSON.stringify(value)])),
	});
	const at = (name: string) => join(folder.path, name);
	const names = alone ? ["wall"] : ["wall", "meter"];
	const packages = await Promise.all(names.map((name) => openPackage(at(name))));
	const shortened = (text: string) => text.replaceAll(`${folder.path}/`, "");
	try {
		for (const pkg of packages) assertChains(pkg, packages);
		const sources = await openChains(Object.keys(files).map(at), packages);
		return { chains: sources.map(({ chain: { name } }) => name) };
	} catch (error) {
		if (error instanceof InputError) return { refused: [shortened(error.message)] };
		if (!(error instanceof AggregateError)) throw error;
		expect(error.errors.map(({ name }) => name)).toEqual(error.errors.map(() => "InputError"));
		return { refused: error.errors.map(({ message }) => shortened(message)) };
	}
}

it("opens the chains of files, beside those of manifests", async () => {
	const files = { "a.json": { chains: [chain("edge", wall, meter), chain("back", meter)] } };
	const own = [chain("own", { program: "filter" }, meter)];
	expect(await open(files, { own })).toEqual({ chains: ["edge", "back"] });
	expect(await open({}, { own })).toEqual({ chains: [] });
	expect(await open({})).toEqual({ chains: [] });
});

describe("refuses", () => {
	it("every file and chain that is wrong, each with its place", async () => {
		const files = {
			"a.json": { chains: [chain("edge", wall), { ...chain("x", wall), hook: "moon" }] },
			"b.json": {
				chains: [
					chain("edge", wall, { program: { package: "router", program: "route" } }),
					chain("two", { program: { package: "wall", program: "count" } }),
					{ ...chain("three", { ...wall, proceed_on: ["TC_ACT_OK"] }) },
					{ ...chain("four", wall), packets: [{ packet: { hex: "00".repeat(14) }, meets: ["count"] }] },
				],
			},
		};
		expect((await open(files)).refused).toEqual([
			expect.stringMatching(/^a\.json: \/chains\/1\/hook: must be "xdp" or /),
			"b.json: /chains/0/members/1/program/package: router is not among the packages: wall 1, meter 1",
			'b.json: /chains/1/members/0/program/program: no object has a program "count"; there are filter, log',
			expect.stringMatching(
				/^b\.json: \/chains\/2\/members\/0\/proceed_on\/0: TC_ACT_OK is not a verdict of xdp/,
			),
			'b.json: /chains/3/packets/0/meets/0: "count" is not a member of the chain; expected one of filter',
		]);
	});

	it("a version that is not there", async () => {
		const router = { program: { package: "meter", version: "2", program: "count" } };
		expect((await open({ "a.json": { chains: [chain("edge", wall, router)] } })).refused).toEqual([
			"a.json: /chains/0/members/1/program/package: meter 2 is not among the packages: wall 1, meter 1",
		]);
	});

	it("two chains of one name that belong to one package", async () => {
		const own = [chain("edge", { program: "log" })];
		const file = { chains: [chain("edge", wall, meter)] };
		expect((await open({ "a.json": file }, { own })).refused).toEqual([
			'a.json: /chains/0/name: "edge" is a chain of wall already: wall/bpfgate.json /chains/0',
		]);
		expect((await open({ "a.json": file, "b.json": file })).refused).toEqual([
			'b.json: /chains/0/name: "edge" is a chain of wall already: a.json /chains/0',
		]);
		const other = { chains: [chain("edge", meter, wall)] };
		expect(await open({ "a.json": file, "b.json": other })).toEqual({ chains: ["edge", "edge"] });
	});

	it("a manifest's chain with a wrong program, but not one with a package that is not given", async () => {
		const own = [chain("own", { program: "filter" }, meter)];
		expect(await open({}, { own, alone: true })).toEqual({ chains: [] });
		expect(
			(
				await open(
					{},
					{ own: [chain("own", { program: "filter" }, { program: { package: "meter", program: "lag" } })] },
				)
			).refused,
		).toEqual([expect.stringContaining("wall/bpfgate.json: /chains/0/members/1")]);
	});
});
