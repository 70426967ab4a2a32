// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { delegationOf } from "../../../checks/token/model/delegation.js";
import { differences, type Inferred, inferJson, inferText, statusOf, together } from "./infer-text.js";

const settings = { commands: ["map_create", "prog_load"], maps: ["hash"], programs: ["socket_filter"] };
const one = { trials: 12, ms: 840, ungrantable: [], notAttached: {} };
const found = (smallest = delegationOf(settings)) => ({ ...one, smallest });
const none = { ...one, trials: 0, reason: { code: "x", message: "kernel 6.1 has no BPF tokens", hint: "" } };
const wider = delegationOf({ ...settings, programs: ["socket_filter", "tracepoint"] });

const inferred: Inferred = {
	package: { name: "sample", version: "1", declared: delegationOf({ ...settings, maps: ["any"] }) },
	kernels: [
		{ id: "6.1", inference: none },
		{ id: "6.12", inference: found() },
		{ id: "7.2", inference: found() },
		{
			id: "7.3",
			inference: { ...found(wider), ungrantable: ["trace"], notAttached: { watch: "open: EACCES" } },
		},
	],
	together: wider,
};

describe("the inferred token", () => {
	it("is printed for each kernel, equal tokens once", () => {
		const text = inferText(inferred);
		expect(text).toContain("kernel 6.1: no token: kernel 6.1 has no BPF tokens\n");
		expect(text).toContain(
			"kernel 6.12 (12 trials in 0.8 s):\n  commands     map_create, prog_load\n  maps         hash\n",
		);
		expect(text).toContain("kernel 7.2 (12 trials in 0.8 s): as 6.12\n");
		expect(text).toMatch(/kernel 7\.3 .*:\n.*\n.*\n {2}programs {5}socket_filter, tracepoint\n/);
		expect(text).toContain("  trace was left out: it loads only as root of the initial user namespace\n");
		expect(text).toContain("  watch loads but does not attach with any token: open: EACCES\n");
	});

	it("is compared with the manifest, and printed in every notation", () => {
		const text = inferText(inferred);
		expect(text).toContain("  too-wide: all maps are declared, but hash is enough\n");
		expect(text).toContain("  too-narrow: program/tracepoint is not declared");
		expect(text).toContain(
			"  delegate_cmds=map_create:prog_load,delegate_maps=hash,delegate_progs=socket_filter:tracepoint\n",
		);
		expect(text).toContain("  BPFDelegateMaps=BPFMapTypeHash\n");
		expect(text).toContain("  security.bpffs.delegate_maps=hash\n");
		expect(text).toContain("  security.delegate_bpf.map_types=hash\n");
		expect(text).toContain('  "token": {\n');
		expect(differences(inferred)).toHaveLength(2);
	});

	it("says when the manifest declares it, and mentions no manifest without a token", () => {
		const { declared: _, ...pkg } = inferred.package;
		expect(inferText({ ...inferred, package: { ...pkg, declared: wider } })).toContain(
			"the manifest declares exactly this token",
		);
		const text = inferText({ ...inferred, package: pkg });
		expect(text).not.toContain("manifest");
		expect(differences({ ...inferred, package: pkg })).toEqual([]);
	});

	it("adds up the grants of all kernels, and says where they are not enough", () => {
		expect(together(inferred.kernels)).toEqual(wider);
		expect(together([{ inference: none }])).toBeUndefined();
		const kernels = [{ id: "6.12", inference: found(), enough: false }];
		expect(inferText({ ...inferred, kernels })).toContain("are not enough here");
	});

	it("sets the exit status: as declared, another token, or none found", () => {
		const { together: _, ...nothing } = inferred;
		const { declared: __, ...undeclared } = inferred.package;
		const declared = { ...undeclared, declared: wider };
		expect(statusOf(inferred)).toBe(1);
		expect(statusOf({ ...inferred, package: declared })).toBe(0);
		expect(statusOf({ ...inferred, package: undeclared })).toBe(0);
		expect(statusOf({ ...nothing, kernels: inferred.kernels.slice(0, 1) })).toBe(3);
	});

	it("is printed as JSON", () => {
		expect(inferJson(inferred)).toMatchObject({
			package: { name: "sample", declared: { ...settings, maps: ["any"] } },
			kernels: [
				{ id: "6.1", reason: { code: "x" } },
				{ id: "6.12", token: settings, trials: 12, not_attached: {} },
				{},
				{ ungrantable: ["trace"], not_attached: { watch: "open: EACCES" } },
			],
			token: { programs: ["socket_filter", "tracepoint"] },
			differences: [{ kind: "too-wide", grant: "map/any" }, { kind: "too-narrow" }],
		});
	});
});
