// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { expectSchemaFile } from "../../packet/testschema.js";
import { parseManifest } from "../manifest/load-manifest.js";
import { temporaryFolder } from "../testpackage.js";
import { ChainFile, parseChainFile, readChainFile } from "./chain-file.js";

const chain = {
	name: "front",
	hook: "xdp",
	members: [{ program: { package: "a", program: "p" } }, { program: { package: "b", program: "p" } }],
};

it("reads chains of several packages", async () => {
	await using folder = await temporaryFolder({ "chain.json": JSON.stringify({ chains: [chain] }) });
	const path = join(folder.path, "chain.json");
	expect(await readChainFile(path)).toEqual([{ file: path, pointer: "/chains/0", chain }]);
});

it("refuses what is not a file to read", async () => {
	await using folder = await temporaryFolder({ big: " ".repeat(1024 * 1024 + 1) });
	const path = (name: string) => join(folder.path, name);
	await execa("mkfifo", [path("fifo")]);
	await expect(readChainFile(path("none"))).rejects.toThrow(
		"none: cannot be read: no such file or directory",
	);
	await expect(readChainFile(path("fifo"))).rejects.toThrow("fifo: is not a regular file");
	await expect(readChainFile(path("big"))).rejects.toThrow("big: has 1048577 bytes, more than the 1048576");
});

describe("refuses", () => {
	it.each<[string, unknown, string]>([
		["a file without chains", {}, '/: key "chains" is missing'],
		["an empty list", { chains: [] }, "/chains: must not be empty"],
		["an unknown key", { chains: [chain], chain }, '/: unknown key "chain"'],
		[
			"what no manifest could have either",
			{ chains: [{ ...chain, mechanism: "cgroup" }] },
			"/chains/0/mechanism: cgroup makes no chain on xdp; dispatcher, tail_call do",
		],
		[
			"a program of no package",
			{ chains: [{ ...chain, members: [...chain.members, { program: "p" }] }] },
			"/chains/0/members/2/program: names no package; a chain file stands outside of any, so it must",
		],
		[
			"a root of no package",
			{ chains: [{ ...chain, members: [chain.members[0]], root_program: { program: "r", map: "m" } }] },
			"/chains/0/root_program/program: names no package; a chain file stands outside of any, so it must",
		],
		[
			"a loader",
			{ chains: [{ ...chain, loader: { command: ["x"] } }] },
			"/chains/0/loader: is shipped by a package: the chain belongs into its manifest",
		],
	])("%s", (_, value, message) => {
		const bytes = new Uint8Array(Buffer.from(JSON.stringify(value)));
		expect(() => parseChainFile("chain.json", bytes)).toThrow(
			expect.objectContaining({ name: "InputError", message: `chain.json: ${message}` }),
		);
	});

	it("what is not JSON", () => {
		expect(() => parseChainFile("c", new Uint8Array(Buffer.from("{")))).toThrow(
			"c: line 1 column 2: is not JSON: the text ends too early",
		);
	});
});

it("the manifest, the loader, the packets, the pins and the chain file in docs/chains.md are sound", async () => {
	const text = await readFile(new URL("../../../../docs/chains.md", import.meta.url), "utf8");
	const [manifest = "", loader, packets, file = "", pins, ...more] = [
		...text.matchAll(/```json\n(.*?)```/gs),
	].map(([, json = ""]) => json);
	expect(more).toEqual([]);
	const bytes = (json: string) => new Uint8Array(Buffer.from(json));
	const { chains } = parseManifest("docs", bytes(manifest));
	expect(chains?.map(({ name }) => name)).toEqual(["edge", "l3af"]);
	const withMore = (json = "") => {
		const more = chains?.slice(0, 1).map((each) => ({ ...each, ...JSON.parse(`{${json}}`) }));
		return parseManifest("docs", bytes(JSON.stringify({ ...JSON.parse(manifest), chains: more })))
			.chains?.[0];
	};
	const pinned = { ...JSON.parse(manifest), ...JSON.parse(`{${pins}}`) };
	expect(parseManifest("docs", bytes(JSON.stringify(pinned))).objects).toHaveLength(2);
	expect(withMore(packets)?.packets).toHaveLength(2);
	expect(withMore(loader)?.loader?.files).toContain("bin/xdp-loader");
	expect(parseChainFile("docs", bytes(file))).toHaveLength(1);
});

it("programs/chains.schema.json is the schema of chain files", () =>
	expectSchemaFile(
		"programs/chains.schema.json",
		"bpfgate chains",
		ChainFile,
		"../vectors/packets.schema.json",
	));
