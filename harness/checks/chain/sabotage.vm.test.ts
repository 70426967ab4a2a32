// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../lab/check.js";
import { detachments, earlyEnds, insertions, removals, replacements } from "./cases/member-changes.js";
import { attachOrders, rebuild, reorderings } from "./cases/rebuilds.js";
import { replaceUnderTraffic } from "./cases/replace-under-traffic.js";
import type { ChainUnderTest } from "./chain-case.js";
import type { ChainEntry } from "./chain-entry.js";
import { type AttachedChain, type AttachPoint, RefusedEntry } from "./mechanism.js";
import { tcx } from "./mechanisms/tcx.js";
import { chainsOf, declaredChain } from "./model/declared-chain.js";
import { chainBench, chainPackage } from "./testchainbench.js";

/** Every case fails when the chain is not changed as it says, on a real kernel. */
describe("cases of the chain check", () => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	let subject: ChainUnderTest;
	beforeAll(async () => {
		bench = await chainBench("6.12");
		const members = ["account", "filter", "mark"].map((program) => ({ program }));
		const pkg = await chainPackage("members.bpf.c", [{ name: "edge", hook: "tcx_ingress", members }]);
		const chain = declaredChain(chainsOf([pkg])[0]!, [pkg], new Set(["tcx"]));
		subject = {
			...{ chain, mechanism: tcx, attachPoint: await tcx.open(chain, bench.guest) },
			members: chain.members.map((member): ChainEntry => ({ member, program: "first" })),
		};
	});
	afterAll(async () => {
		await subject.attachPoint.close();
		await bench.dispose();
	});

	type Group = (subject: ChainUnderTest) => AsyncIterable<Finding>;
	async function outcomes(group: Group, attachPoint: Partial<AttachPoint>): Promise<string[]> {
		const real = subject.attachPoint;
		const sabotaged: AttachPoint = {
			...{ traffic: real.traffic, attach: real.attach, close: real.close },
			...attachPoint,
		};
		const told: string[] = [];
		for await (const { case: name, outcome, reason } of group({ ...subject, attachPoint: sabotaged }))
			told.push(`${name} ${outcome}${reason ? `: ${reason.message}` : ""}`);
		return told;
	}

	/** Each chain that is attached differs in some methods. */
	function building(change: (attached: AttachedChain) => Partial<AttachedChain>): Partial<AttachPoint> {
		return {
			async attach(entries, attaching) {
				const attached = await subject.attachPoint.attach(entries, attaching);
				const real: AttachedChain = {
					configured: () => attached.configured(),
					insert: (entry) => attached.insert(entry),
					remove: (entry) => attached.remove(entry),
					detach: (entry) => attached.detach(entry),
					replace: (entry, by) => attached.replace(entry, by),
					replacement: (entry, by) => attached.replacement(entry, by),
					reorder: (entries) => attached.reorder(entries),
					close: () => attached.close(),
				};
				return { ...real, ...change(attached) };
			},
		};
	}

	it("insert: the member is attached last", async () => {
		const attachPoint = building((attached) => ({
			insert: async (entry) => {
				await attached.insert(entry);
				await attached.reorder([entry]);
			},
		}));
		const told = await outcomes(insertions, attachPoint);
		expect(told.map((each) => each.split(":")[0])).toEqual([
			"edge/insert/account fail",
			"edge/insert/filter fail",
			"edge/insert/mark pass",
		]);
		expect(told[0]).toContain("the kernel lists filter, mark, account, expected account, filter, mark");
	});

	it("remove and without-member: the member stays attached", async () => {
		const attachPoint = building(() => ({ remove: async () => {}, detach: async () => {} }));
		for (const group of [removals, detachments])
			expect((await outcomes(group, attachPoint)).map((each) => / fail: /.test(each))).toEqual([
				true,
				true,
				true,
			]);
	});

	it("replace: nothing is replaced", async () => {
		const told = await outcomes(
			replacements,
			building(() => ({ replace: async () => {} })),
		);
		expect(told[1]).toMatch(/^edge\/replace\/filter fail: after filter was replaced: .*/);
	});

	it("replace: a refusal fails that case alone, or skips it where the kernel cannot do it", async () => {
		const refusing = (lack?: string) =>
			building((attached) => ({
				replace: async (entry, by) => {
					if (entry.member.label === "filter") throw new RefusedEntry(by, 22, "BPF_LINK_UPDATE", lack);
					await attached.replace(entry, by);
				},
			}));
		expect(await outcomes(replacements, refusing())).toEqual([
			"edge/replace/account pass",
			"edge/replace/filter fail: the kernel refused filter (second) in edge: BPF_LINK_UPDATE returned EINVAL",
			"edge/replace/mark pass",
		]);
		expect((await outcomes(replacements, refusing("the list is full")))[1]).toBe(
			"edge/replace/filter skip: the list is full (BPF_LINK_UPDATE returned EINVAL)",
		);
	});

	it("end-at-member: the stand-in does not end the chain", async () => {
		const attachPoint: Partial<AttachPoint> = {
			attach: (entries) =>
				subject.attachPoint.attach(
					entries.map(({ member, program }) => ({
						member,
						program: typeof program === "object" ? "first" : program,
					})),
				),
		};
		expect((await outcomes(earlyEnds, attachPoint)).map((each) => / fail: /.test(each))).toEqual([
			true,
			true,
			true,
		]);
	});

	it("reorder, rebuild, attach-orders: the result is another order", async () => {
		expect(
			await outcomes(
				reorderings,
				building(() => ({ reorder: async () => {} })),
			),
		).toEqual([expect.stringContaining("edge/reorder fail: after it was brought from the reverse order")]);
		let times = 0;
		const turning: Partial<AttachPoint> = {
			attach: (entries) => subject.attachPoint.attach(++times % 2 === 0 ? entries.toReversed() : entries),
		};
		expect(await outcomes(rebuild, turning)).toEqual([
			expect.stringMatching(
				/^edge\/rebuild fail: built twice: .* lists mark, filter, account, expected account, /,
			),
		]);
		const byTime: Partial<AttachPoint> = {
			attach: (entries, attaching) =>
				subject.attachPoint.attach(attaching ? attaching.map((index) => entries[index]!) : entries),
		};
		expect(await outcomes(attachOrders, byTime)).toEqual([
			expect.stringMatching(/^edge\/attach-orders fail: attached in the order account, mark, filter: /),
		]);
	});

	it("replace-under-traffic: two steps, and packets meet another program in between", async () => {
		const between = ({ member }: ChainEntry): ChainEntry => ({ member, program: { verdict: -1 } });
		const attachPoint = building((attached) => ({
			replace: async (entry, by) => {
				await attached.replace(entry, between(entry));
				await attached.replace(between(entry), by);
			},
			replacement: (entry, by) => [
				...attached.replacement(entry, between(entry)),
				...attached.replacement(between(entry), by),
			],
		}));
		const [told] = await outcomes(replaceUnderTraffic, attachPoint);
		expect(told).toMatch(
			/^edge\/replace-under-traffic fail: filter was replaced and restored 20 times while \d+ packets passed: \d+ packets met a half-changed chain: packet \d+.*: bpfgate's stand-in for filter ran at position 2/,
		);
	});

	it("replace-under-traffic: no replacement, or the kernel refuses it", async () => {
		const same = building((attached) => ({ replacement: (entry) => attached.replacement(entry, entry) }));
		expect((await outcomes(replaceUnderTraffic, same))[0]).toMatch(
			/ fail: .* the kernel refused 20 replacements \(EPERM\)/,
		);
		const nothing = building(() => ({ replacement: () => [{ op: "ping", args: {} }] }));
		expect((await outcomes(replaceUnderTraffic, nothing))[0]).toMatch(
			/ fail: .* no packet met the replacement/,
		);
	});
});
