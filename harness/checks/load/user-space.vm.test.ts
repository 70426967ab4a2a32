// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { compileBinary } from "../../machine/guest/agent/testobject.js";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";
import { packageWith, said } from "./testload.js";

const source = join(import.meta.dirname, "testdata/user-target.c");
const EM_AARCH64 = 183;

async function binaries(): Promise<Record<string, Uint8Array | string>> {
	const flags = ["-nostartfiles", "-static"];
	const target = await compileBinary(source, ...flags);
	const foreign = Uint8Array.from(target);
	foreign[18] = EM_AARCH64;
	return {
		target,
		foreign,
		pie: await compileBinary(source, "-nostartfiles", "-static-pie"),
		plain: await compileBinary(source, ...flags, "-DWITHOUT_PROBE"),
		script: "#!/bin/sh\n",
		cut: target.subarray(0, target.length / 2),
	};
}

const binary = "/usr/bin/target";
const of = (place: Record<string, string>) => ({ attach: { hook: "auto", binary, ...place } });
const settings = {
	programs: {
		function_of_manifest: of({ symbol: "work" }),
		return_of_manifest: of({ symbol: "work" }),
		probe_of_manifest: of({ probe: "bpfgate:worked" }),
		pattern_of_manifest: of({ symbol: "work*" }),
	},
};

async function results(kernels: readonly string[]): Promise<CaseResult[]> {
	const files = await binaries();
	const manifest = { guest: { files: Object.keys(files).map((from) => ({ from, to: `/usr/bin/${from}` })) } };
	const document = await resultsOf({
		packages: [
			await packageWith(files, "user-probes", manifest, settings),
			await packageWith(files, "user-probes", { ...manifest, name: "no-maps" }, {}, "-DWITHOUT_USDT_MAPS"),
		],
		kernels,
		checks: [loadCheck],
	});
	return document.results;
}

const missing =
	/attached to \/usr\/bin\/target:nothing: the symbol tables of \/usr\/bin\/target have no function nothing$/;

describe("programs for the functions and USDT probes of a shipped binary", async () => {
	const all = await results(["5.10", "7.3"]);
	const outcomes = (kernel: string) =>
		Object.fromEntries(
			all
				.filter((result) => result.kernel === kernel && result.case.startsWith("attach/"))
				.map((result) => [result.case.slice("attach/".length), said(result)]),
		);
	const same = {
		on_work: "pass",
		on_return: "pass",
		on_offset: "pass",
		by_name: "pass",
		function_of_manifest: "pass",
		return_of_manifest: "pass",
		probe_of_manifest: "pass",
		on_probe: "pass",
		no_function: "fail attach-symbol-missing",
		misspelt: "fail attach-symbol-missing",
		no_probe: "fail attach-symbol-missing",
		no_probes: "fail attach-symbol-missing",
		return_offset: "fail section-malformed",
		no_binary: "fail attach-binary-invalid",
		no_binary_either: "fail attach-binary-invalid",
		foreign: "fail attach-binary-invalid",
		cut_short: "fail attach-binary-invalid",
		of_agent: "skip not-attached",
		of_agent_too: "skip not-attached",
		absent: "skip not-attached",
		of_no_binary: "skip not-attached",
		without_maps: "fail usdt-maps-missing",
	};

	it("are attached, or fail with what is wrong", () => {
		expect(outcomes("7.3")).toEqual({
			...same,
			sleeping: "pass",
			on_pattern: "pass",
			pattern_of_manifest: "pass",
			in_session: "pass",
			independent: "pass",
			no_match: "fail attach-symbol-missing",
		});
	});

	it("fail where the kernel lacks the kind of probe", () => {
		expect(outcomes("5.10")).toEqual({
			...same,
			sleeping: "skip not-loaded",
			on_pattern: "fail attach-unsupported",
			pattern_of_manifest: "fail attach-unsupported",
			in_session: "fail attach-unsupported",
			independent: "fail attach-unsupported",
			no_match: "fail attach-symbol-missing",
		});
	});

	it.each([
		["no_function", missing],
		["misspelt", /: the symbol tables of \/usr\/bin\/target have no function wrok; it has work$/],
		["no_match", /have no function that matches nothing\*$/],
		["no_probe", /: \/usr\/bin\/target has no USDT probe bpfgate:slept$/],
		["no_probes", /: \/usr\/bin\/plain has no USDT probes \(section \.note\.stapsdt\)$/],
		["no_binary", /: \/usr\/bin\/script is not an ELF file: it begins with 23 21 2f 62$/],
		["foreign", /: \/usr\/bin\/foreign is for AArch64, and the kernel for x86_64$/],
		[
			"cut_short",
			/: \/usr\/bin\/cut is cut short: its section headers end at 0x[0-9a-f]+, and it has 0x[0-9a-f]+ bytes$/,
		],
		["of_agent", /was not attached: \/init is bpfgate's own$/],
		["absent", /was not attached: \/usr\/bin\/absent is not in the guest$/],
	])("%s: %s", (name, message) => {
		const result = all.find((one) => one.kernel === "7.3" && one.case === `attach/${name}`);
		expect(result?.reason?.message).toMatch(message);
	});

	it("are named with the binary and the place in it", () => {
		const target = all.find((one) => one.case === "attach/on_probe")?.evidence.target;
		expect(target).toBe("/usr/bin/target:bpfgate:worked");
	});
});
