// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { type ChainUnderTest, observe, orderFinding } from "./chain-case.js";
import type { ChainEntry } from "./chain-entry.js";
import type { AttachedChain } from "./mechanism.js";
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
