// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { parseManifest } from "../manifest/load-manifest.js";
import { tokenKinds, tokenNames } from "./token.js";

const manifest = (token: unknown) =>
	parseManifest(
		"bpfgate.json",
		Buffer.from(JSON.stringify({ name: "x", version: "1", objects: ["x.bpf.o"], token })),
	);

describe("the token section of a manifest", () => {
	it("takes names of each kind, or any alone, or nothing", () => {
		const token = {
			commands: ["map_create", "prog_load"],
			maps: ["any"],
			programs: ["kprobe"],
			attachments: ["cgroup_inet_ingress"],
			capabilities: ["cap_bpf", "cap_perfmon"],
		};
		expect(manifest(token).token).toEqual(token);
		expect(manifest({}).token).toEqual({});
		expect(manifest(undefined).token).toBeUndefined();
	});

	it.each([
		[{ programs: ["xdp", "kprobes"] }, "/token/programs/1", /"kprobes" is not a program type in Linux 7.3$/],
		[{ programs: ["ringbuf"] }, "/token/programs/0", /is not a program type .*; it is one of maps$/],
		[{ maps: ["any", "hash"] }, "/token/maps/0", /"any" stands for all maps and must stand alone/],
		[{ capabilities: ["bpf"] }, "/token/capabilities/0", /"bpf" is not a capability/],
		[{ maps: ["BPF_MAP_TYPE_HASH"] }, "/token/maps/0", /must match/],
		[{ maps: ["hash", "hash"] }, "/token/maps", /duplicate/],
		[{ progs: ["xdp"] }, "/token", /unknown key "progs"/],
		[{ maps: "any" }, "/token/maps", /must be an array/],
	])("refuses %j", (token, pointer, reason) => {
		expect(() => manifest(token)).toThrow(reason);
		expect(() => manifest(token)).toThrow(expect.objectContaining({ place: pointer }));
	});

	it("no kind has more names than a mask of 64 bits has room for", () => {
		for (const kind of tokenKinds) expect(tokenNames[kind].names.length).toBeLessThanOrEqual(64);
	});
});
