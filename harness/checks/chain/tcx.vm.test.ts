// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../data/package/sections/chain.js";
import { chainBench, chainPackage, failures } from "./testbench.js";

const chain = (...members: string[]): Chain => ({
	...{ name: "edge", hook: "tcx_ingress", members: members.map((program) => ({ program })) },
});

it("tcx is a skip where the kernel has none", async () => {
	const bench = await chainBench("5.10");
	const findings = await bench.check(
		await chainPackage("members.bpf.c", [chain("account", "filter", "mark")]),
	);
	await bench.dispose();
	expect([...findings.values()].map(({ outcome }) => outcome)).toEqual(["skip", "skip"]);
	expect(findings.get("edge/executed")!.reason!.message).toMatch(/5\.10.*tcx/);
});

describe.each(["6.12", "7.3"])("tcx on %s", (id) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench(id);
	});
	afterAll(() => bench.dispose());

	it("passes every case", async () => {
		const pkg = await chainPackage("members.bpf.c", [chain("account", "filter", "mark")]);
		const findings = await bench.check(pkg);
		expect(failures(findings)).toEqual([]);
		const each = ["account", "filter", "mark"];
		const of = (group: string) => each.map((member) => `edge/${group}/${member}`);
		expect([...findings.keys()]).toEqual([
			...["edge/configured", "edge/executed", ...of("stops"), ...of("insert"), ...of("remove")],
			...[...of("missing"), ...of("replace"), "edge/reorder", "edge/twice", "edge/permutations"],
			...["edge/limit", "edge/neighbours", "edge/atomic"],
		]);
		const { evidence } = findings.get("edge/executed")!;
		expect(evidence.executed).toEqual(["account (TCX_NEXT)", "filter (TCX_NEXT)", "mark (TCX_NEXT)"]);
		expect(evidence.packets).toContainEqual({
			what: "a UDP packet over IPv6",
			met: ["account (TCX_NEXT)", "filter (TCX_DROP)"],
		});
		expect(findings.get("edge/limit")!.evidence).toMatchObject({ taken: 63, met: 63, one_more: "ERANGE" });
		expect(findings.get("edge/atomic")!.evidence).toMatchObject({ half: 0, unaccounted: 0 });
	});

	it("tells of a member that nobody reaches, and of packets that meet others than said", async () => {
		const deaf = chain("account", "deaf", "mark");
		const strict: Chain = {
			...{ ...chain("account", "filter", "mark"), name: "strict" },
			packets: [
				{
					name: "dns",
					packet: { layers: [{ eth: {} }, { ipv6: {} }, { udp: { dport: 53 } }] },
					meets: ["account", "mark"],
				},
			],
		};
		const executed = async (chains: Chain[]) => {
			const [first, second] = await bench.orders(await chainPackage("members.bpf.c", chains));
			expect(first!.outcome).toBe("pass");
			return `${second!.case}: ${second!.reason?.message}`;
		};
		expect([await executed([deaf]), await executed([strict])]).toEqual([
			"edge/executed: mark should run at place 3 and never ran: of 7 packets the one that came furthest ended at place 2, deaf (TCX_PASS)",
			expect.stringMatching(
				/^strict\/executed: the packet "dns" did not meet strict as it is declared: .*mark should run at place 2 and never ran: the last that the packet met was filter \(TCX_DROP\)/,
			),
		]);
	});
});
