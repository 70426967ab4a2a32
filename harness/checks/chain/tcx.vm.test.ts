// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../data/package/sections/chain.js";
import { chainBench, chainPackage, failures } from "./testchainbench.js";

const chain = (...members: string[]): Chain => ({
	...{ name: "edge", hook: "tcx_ingress", members: members.map((program) => ({ program })) },
});

it("tcx is a skip on kernels without it", async () => {
	const bench = await chainBench("5.10");
	const findings = await bench.check(
		await chainPackage("members.bpf.c", [chain("account", "filter", "mark")]),
	);
	await bench.dispose();
	expect(findings.size).toBeGreaterThan(10);
	expect(new Set([...findings.values()].map(({ outcome }) => outcome))).toEqual(new Set(["skip"]));
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
			...["edge/configured", "edge/executed", ...of("end-at-member"), ...of("insert"), ...of("remove")],
			...[...of("without-member"), ...of("replace"), "edge/reorder", "edge/rebuild", "edge/attach-orders"],
			"edge/replace-under-traffic",
		]);
		const { evidence } = findings.get("edge/executed")!;
		expect(evidence.executed).toEqual(["account (TCX_NEXT)", "filter (TCX_NEXT)", "mark (TCX_NEXT)"]);
		expect(evidence.packets).toContainEqual({
			what: "a UDP packet over IPv6",
			met: ["account (TCX_NEXT)", "filter (TCX_DROP)"],
		});
		expect(findings.get("edge/replace-under-traffic")!.evidence).toMatchObject({ half: 0, unaccounted: 0 });
	});

	it("names a member that no packet reaches, and packets that meet other members than declared", async () => {
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
			"edge/executed: mark: expected at position 3, never ran; the furthest of 7 packets stopped at position 2, deaf (TCX_PASS)",
			expect.stringMatching(
				/^strict\/executed: the packet "dns" did not meet strict as declared: .*mark: expected at position 2, never ran; the packet met filter \(TCX_DROP\) last/,
			),
		]);
	});
});
