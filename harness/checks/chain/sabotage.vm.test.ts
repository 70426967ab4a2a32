// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../lab/check.js";
import { atomic } from "./cases/atomic.js";
import { limits, neighbours } from "./cases/bounds.js";
import { insertions, losses, removals, replacements, stops } from "./cases/changes.js";
import { permutations, reorderings, twice } from "./cases/rebuilds.js";
import { BuildError, type Built, type Stage } from "./mechanism.js";
import { tcx } from "./mechanisms/tcx.js";
import { chainsOf, declaredChain } from "./model/declared.js";
import type { Part } from "./part.js";
import type { Scene } from "./scene.js";
import { chainBench, chainPackage } from "./testbench.js";

/** Every case fails when the chain is not changed as it says, on a real kernel. */
describe("cases of the chain check", () => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	let scene: Scene;
	beforeAll(async () => {
		bench = await chainBench("6.12");
		const members = ["account", "filter", "mark"].map((program) => ({ program }));
		const pkg = await chainPackage("members.bpf.c", [{ name: "edge", hook: "tcx_ingress", members }]);
		const chain = declaredChain(chainsOf([pkg])[0]!, [pkg], new Set(["tcx"]));
		scene = {
			...{ chain, mechanism: tcx, stage: await tcx.open(chain, bench.guest) },
			members: chain.members.map((member): Part => ({ member, program: "first" })),
		};
	});
	afterAll(async () => {
		await scene.stage.close();
		await bench.dispose();
	});

	type Group = (scene: Scene) => AsyncIterable<Finding>;
	async function outcomes(group: Group, stage: Partial<Stage>): Promise<string[]> {
		const real = scene.stage;
		const sabotaged: Stage = {
			...{ traffic: real.traffic, build: real.build, limit: real.limit, neighbours: real.neighbours },
			...{ close: real.close, ...stage },
		};
		const told: string[] = [];
		for await (const { case: name, outcome, reason } of group({ ...scene, stage: sabotaged }))
			told.push(`${name} ${outcome}${reason ? `: ${reason.message}` : ""}`);
		return told;
	}

	/** Each chain that is built does some things otherwise. */
	function building(change: (built: Built) => Partial<Built>): Partial<Stage> {
		return {
			async build(parts, attaching) {
				const built = await scene.stage.build(parts, attaching);
				const real: Built = {
					configured: () => built.configured(),
					insert: (part) => built.insert(part),
					remove: (part) => built.remove(part),
					lose: (part) => built.lose(part),
					replace: (part, by) => built.replace(part, by),
					replacing: (part, by) => built.replacing(part, by),
					reorder: (parts) => built.reorder(parts),
					close: () => built.close(),
				};
				return { ...real, ...change(built) };
			},
		};
	}

	it("insert: put behind all others instead", async () => {
		const stage = building((built) => ({
			insert: async (part) => {
				await built.insert(part);
				await built.reorder([part]);
			},
		}));
		const told = await outcomes(insertions, stage);
		expect(told.map((each) => each.split(":")[0])).toEqual([
			"edge/insert/account fail",
			"edge/insert/filter fail",
			"edge/insert/mark pass",
		]);
		expect(told[0]).toContain("the kernel lists filter, mark, account and not account, filter, mark");
	});

	it("remove and missing: left where it was", async () => {
		const stage = building(() => ({ remove: async () => {}, lose: async () => {} }));
		for (const group of [removals, losses])
			expect((await outcomes(group, stage)).map((each) => / fail: /.test(each))).toEqual([true, true, true]);
	});

	it("replace: nothing was replaced", async () => {
		const told = await outcomes(
			replacements,
			building(() => ({ replace: async () => {} })),
		);
		expect(told[1]).toMatch(
			/^edge\/replace\/filter fail: after filter was replaced, .*filter still stands with the program that was to be replaced/,
		);
	});

	it("replace: what the kernel refuses of one member fails that case alone, and is skipped where it cannot be otherwise", async () => {
		const refusing = (lack?: string) =>
			building((built) => ({
				replace: async (part, by) => {
					if (part.member.label === "filter") throw new BuildError(by, 22, "BPF_LINK_UPDATE", lack);
					await built.replace(part, by);
				},
			}));
		expect(await outcomes(replacements, refusing())).toEqual([
			"edge/replace/account pass",
			"edge/replace/filter fail: the kernel refused filter (second) in edge: BPF_LINK_UPDATE gave EINVAL",
			"edge/replace/mark pass",
		]);
		expect((await outcomes(replacements, refusing("the list is full")))[1]).toBe(
			"edge/replace/filter skip: the list is full (BPF_LINK_UPDATE gave EINVAL)",
		);
	});

	it("stops: the program in the member's place does not end the chain", async () => {
		const stage: Partial<Stage> = {
			build: (parts) =>
				scene.stage.build(
					parts.map(({ member, program }) => ({
						member,
						program: typeof program === "object" ? "first" : program,
					})),
				),
		};
		expect((await outcomes(stops, stage)).map((each) => / fail: /.test(each))).toEqual([true, true, true]);
	});

	it("reorder, twice, permutations: another order comes of it", async () => {
		expect(
			await outcomes(
				reorderings,
				building(() => ({ reorder: async () => {} })),
			),
		).toEqual([expect.stringContaining("edge/reorder fail: after it was brought from the reverse order")]);
		let times = 0;
		const turning: Partial<Stage> = {
			build: (parts) => scene.stage.build(++times % 2 === 0 ? parts.toReversed() : parts),
		};
		expect(await outcomes(twice, turning)).toEqual([
			expect.stringMatching(
				/^edge\/twice fail: built twice, .* lists mark, filter, account and not account, /,
			),
		]);
		const byTime: Partial<Stage> = {
			build: (parts, attaching) =>
				scene.stage.build(attaching ? attaching.map((index) => parts[index]!) : parts),
		};
		expect(await outcomes(permutations, byTime)).toEqual([
			expect.stringMatching(/^edge\/permutations fail: attached as account, mark, filter, /),
		]);
	});

	it("limit and neighbours: what the kernel did is not what was promised", async () => {
		const limited = await scene.stage.limit();
		for (const [wrong, sentence] of [
			[{ taken: 62 }, "the kernel took only 62 of 63 programs"],
			[{ met: 60 }, "a packet met only 60 of 63 programs"],
			[{ errno: 0, taken: 64 }, "the kernel took 64 programs, more than the 63 that there may be"],
		] as const)
			expect((await outcomes(limits, { limit: async () => ({ ...limited, ...wrong }) }))[0]).toContain(
				sentence,
			);
		const beside = (await scene.stage.neighbours())!;
		const turned = { neighbours: async () => ({ ...beside, found: "clsact, account" }) };
		expect((await outcomes(neighbours, turned))[0]).toMatch(
			/fail: packets meet xdp, then tcx, then clsact; here packets met clsact, account and not/,
		);
	});

	it("atomic: in two steps, between which packets meet another program", async () => {
		const between = ({ member }: Part): Part => ({ member, program: { verdict: -1 } });
		const stage = building((built) => ({
			replace: async (part, by) => {
				await built.replace(part, between(part));
				await built.replace(between(part), by);
			},
			replacing: (part, by) => [
				...built.replacing(part, between(part)),
				...built.replacing(between(part), by),
			],
		}));
		const [told] = await outcomes(atomic, stage);
		expect(told).toMatch(
			/^edge\/atomic fail: while filter was replaced and put back 20 times under \d+ packets, \d+ packets met a half-changed chain: packet \d+.*: bpfgate's own for filter ran at place 2/,
		);
	});

	it("atomic: the replacement never comes, or the kernel refuses it", async () => {
		const same = building((built) => ({ replacing: (part) => built.replacing(part, part) }));
		expect((await outcomes(atomic, same))[0]).toMatch(/ fail: .* the kernel refused .* of them \(EPERM\)/);
		const nothing = building(() => ({ replacing: () => [{ op: "ping", args: {} }] }));
		expect((await outcomes(atomic, nothing))[0]).toMatch(/ fail: .* no packet met the replacement/);
	});
});
