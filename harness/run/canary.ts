// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from "../base/results.js";
import { loadCheck } from "../checks/load/load-check.js";
import { vectorsCheck } from "../checks/vectors/vectors-check.js";
import { readObject } from "../data/package/object.js";
import { digestOf, type Package } from "../data/package/package.js";
import type { Check, Workbench } from "../lab/check.js";
import { bpfObject } from "../machine/guest/bpf-object.js";

/** What a check says of a case of the canary. */
export type CanaryVerdict = Pick<CaseResult, "check" | "case" | "outcome" | "reason">;

/** A verdict that is known beforehand, on every kernel. */
export interface KnownVerdict {
	check: string;
	case: string;
	outcome: "pass" | "fail";
	code?: string;
}

export const canaryChecks: readonly Check[] = [loadCheck, vectorsCheck];

/** For each check something right and something wrong: neither a yes nor a no to all is enough. */
export const knownVerdicts: readonly KnownVerdict[] = [
	{ check: "load", case: "program/canary_right", outcome: "pass" },
	{ check: "load", case: "program/canary_wrong", outcome: "fail", code: "out-of-bounds" },
	{ check: "vectors", case: "canary/passes", outcome: "pass" },
	{ check: "vectors", case: "canary/drops", outcome: "pass" },
	{ check: "vectors", case: "canary/wrong", outcome: "fail", code: "vector-mismatch" },
];

const arp = { layers: [{ eth: { dst: "ff:ff:ff:ff:ff:ff" } }, { arp: {} }] };
const vectors = {
	program: "canary_right",
	vectors: [
		{
			name: "passes",
			packet: { layers: [{ eth: {} }, { ipv4: {} }, { udp: {} }] },
			expect: { retval: "XDP_PASS", packet: "unchanged" },
		},
		{ name: "drops", packet: arp, expect: { retval: "XDP_DROP" } },
		{ name: "wrong", packet: arp, expect: { retval: "XDP_PASS" } },
	],
};

/** A package of bpfgate's own with a right program, a wrong one, and a wrong expectation. */
export async function canaryPackage(arch: string): Promise<Package> {
	const [file, vectorFile] = ["canary.bpf.o", "canary.yaml"];
	const bytes = await bpfObject(arch, "canary");
	const text = Buffer.from(JSON.stringify(vectors));
	const facts = readObject(file, bytes);
	return {
		name: "canary",
		version: "1",
		sha256: digestOf([
			{ path: file, bytes },
			{ path: vectorFile, bytes: text },
		]),
		path: file,
		manifest: { name: "canary", version: "1", objects: [file], vectors: [vectorFile] },
		objects: [{ file, bytes, settings: { file }, binaries: [], ...facts }],
		vectors: [{ file: vectorFile, display: vectorFile, bytes: text }],
		loaderFiles: [],
		guestFiles: [],
		variants: [],
		signatures: [],
	};
}

/** What the checks say of the canary. */
export async function canaryVerdicts(pkg: Package, bench: Workbench): Promise<CanaryVerdict[]> {
	const context = { packages: [pkg], chains: [], kernels: [bench.kernel], coverage: false };
	const found: CanaryVerdict[] = [];
	for (const check of canaryChecks)
		for await (const { case: name, outcome, reason } of check.create(context).run(pkg, bench))
			found.push({ check: check.name, case: name, outcome, ...(reason ? { reason } : {}) });
	return found;
}

/** A known verdict that did not come out, in words. */
interface WrongVerdict {
	words: string;
	/** It was not found out. */
	undecided: boolean;
}

export function wrongVerdicts(found: readonly CanaryVerdict[]): WrongVerdict[] {
	const words = (outcome: string, code: string | undefined) => (code ? `${outcome} (${code})` : outcome);
	return knownVerdicts.flatMap(({ check, case: name, outcome, code }) => {
		const seen = found.find((each) => each.check === check && each.case === name);
		if (seen?.outcome === outcome && seen.reason?.code === code) return [];
		const what = seen ? words(seen.outcome, seen.reason?.code) : "nothing";
		const difference = `${check}/${name}: expected ${words(outcome, code)}, found ${what}`;
		return [{ words: difference, undecided: seen?.outcome === "error" }];
	});
}
