// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { type ChainUnderTest, observe, orderFinding, refused } from "./chain-case.js";
import type { ChainEntry } from "./chain-entry.js";
import { type AttachedChain, RefusedEntry } from "./mechanism.js";
import type { DeclaredChain } from "./model/declared-chain.js";
import type { PacketTrace } from "./packet-trace.js";

const entry = (label: string, priority: number) =>
	({ member: { label, priority, program: { name: label } }, program: "first" }) as unknown as ChainEntry;
const [a, b, c] = [entry("a", 1), entry("b", 2), entry("c", 3)];
/** TCX_NEXT */
const next = -1;

async function finding(
	met: readonly ChainEntry[],
	stoppers: readonly string[],
	more: Partial<PacketTrace> = {},
) {
	const runs = met.map((each) => ({ entry: each, verdict: next }));
	const trace = { what: "a packet", met: runs, ...more };
	const subject = {
		chain: { name: "edge", mechanism: "tcx", hook: "tcx_ingress" },
		mechanism: { name: "tcx" },
		attachPoint: { traffic: { sample: async () => [trace] } },
		members: [a, b, c],
		stoppers: new Set(stoppers),
	} as unknown as ChainUnderTest;
	const attached = { configured: async () => [a, b, c] } as unknown as AttachedChain;
	const { outcome, reason } = orderFinding(subject, "after it", await observe(subject, attached, [a, b, c]));
	return `${outcome}${reason ? ` ${reason.code}: ${reason.message}` : ""}`;
}

it("skips a case in which packets end where executed saw them end", async () => {
	expect(await finding([a, b], ["b"])).toBe(
		"skip chain-unreached: packets do not get past b, as edge/executed reports",
	);
	expect(await finding([], [""])).toBe(
		"skip chain-unreached: packets reach no member, as edge/executed reports",
	);
	expect(await finding([a, b, c], ["b"])).toBe("pass");
});

it("fails a case in which anything else differs", async () => {
	expect(await finding([a], ["b"])).toMatch(/^fail chain-order: after it: a packet: b: .* never ran/);
	expect(await finding([a, b], [])).toMatch(/^fail chain-order: .* c: .* never ran/);
	expect(await finding([], ["b"])).toMatch(/^fail chain-order: .* a: .* never ran/);
	expect(await finding([b, a, b], ["b"])).toMatch(/^fail chain-order: /);
	expect(await finding([a, b], ["b"], { miscounted: "counted twice" })).toMatch(
		/^fail chain-order: .*1 more/,
	);
});

it("says of a refused member what the verifier said, and keeps its log", () => {
	const said = (verifierLog: string) => {
		const logs = { verifierLog, libbpfLog: "" };
		const error = new RefusedEntry(a!, 22, "BPF_PROG_LOAD", undefined, logs);
		const { reason, evidence } = refused({ name: "edge" } as DeclaredChain, error);
		return [reason?.code, reason?.message, evidence];
	};
	const evidence = { call: "BPF_PROG_LOAD", errno: 22 };
	expect(said("")).toEqual([
		"chain-refused",
		"the kernel refused a in edge: BPF_PROG_LOAD returned EINVAL",
		evidence,
	]);
	expect(said("R1 type=ctx expected=fp\nprocessed 1 insns (limit 1000000)")).toEqual([
		"chain-refused",
		"the kernel refused a in edge: BPF_PROG_LOAD returned EINVAL (R1 type=ctx expected=fp)",
		{ ...evidence, verifier_log: "R1 type=ctx expected=fp\nprocessed 1 insns (limit 1000000)" },
	]);
	expect(said("Extension program changes packet data, while original does not\n")[1]).toBe(
		"a may change the packet or makes tail calls, and the dispatcher of edge does neither: this kernel refuses such an extension (BPF_PROG_LOAD returned EINVAL)",
	);
});
