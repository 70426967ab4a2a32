// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { Random } from "../../../data/packet/random.js";
import { type ChainOrders, chainView } from "./chain-view.js";
import { chainPicture } from "./picture.js";

const pass = (member: string) => ({ member, verdict: "XDP_PASS" });
const orders: ChainOrders = {
	title: "front: xdp by dispatcher on 6.12",
	declared: ["filter", "meter", "mirror"],
	configured: ["filter", "meter", "mirror"],
	expected: [pass("filter"), pass("meter"), pass("mirror")],
	executed: [pass("filter"), pass("meter"), pass("mirror")],
};
const drawn = (change: Partial<ChainOrders>, medium = { width: 80 }) =>
	chainPicture(chainView({ ...orders, ...change }), medium).join("\n");

it("shows a chain without differences without a mark", () => {
	expect(drawn({})).toBe(
		`
front: xdp by dispatcher on 6.12
  declared                   configured                 executed
  1 filter                   1 filter                   1 filter XDP_PASS
  2 meter                    2 meter                    2 meter XDP_PASS
  3 mirror                   3 mirror                   3 mirror XDP_PASS`.trimStart(),
	);
});

it("marks and explains differences, in lines of 80 columns", () => {
	const change: Partial<ChainOrders> = {
		configured: ["meter", "filter", "mirror", "intruder"],
		executed: [pass("meter"), { member: "filter", verdict: "XDP_DROP" }],
	};
	expect(drawn(change)).toBe(
		`
front: xdp by dispatcher on 6.12
  declared                   configured                 executed
  1 filter                 ! 1 meter                  ! 1 meter XDP_PASS
  2 meter                  ! 2 filter                 ! 2 filter XDP_DROP
  3 mirror                   3 mirror                 ! - mirror missing
                           ! 4 intruder
! meter: expected at position 2, found at 1
! filter: expected at position 1, found at 2
! intruder at position 4 is not a member of the chain
! meter: expected at position 2, ran at 1
! filter: expected at position 1, ran at 2
! mirror: expected at position 3, never ran; the packet met filter (XDP_DROP)
  last`.trimStart(),
	);
});

it("names the member that should have ended the chain before one that ran", () => {
	const drop = { member: "meter", verdict: "XDP_DROP" };
	expect(
		drawn({ expected: [pass("filter"), drop], executed: [pass("filter"), drop, pass("mirror")] }),
	).toContain(
		"! mirror ran at position 3, although meter (XDP_DROP) at position 2 should have\n  ended the chain",
	);
});

it("colours only differences, and adds nothing else", () => {
	const view = chainView({ ...orders, configured: ["filter", "mirror"] });
	const plain = chainPicture(view, { width: 80 });
	const coloured = chainPicture(view, { width: 80, mark: (text) => `<${text}>` });
	expect(coloured.join("\n")).toContain("<! - meter missing>");
	expect(coloured.map((line) => line.replace(/[<>]/g, ""))).toEqual(plain);
});

it("keeps its width whatever the names, and shows no control characters", () => {
	const random = new Random(3);
	const names = [
		"a",
		"x".repeat(200),
		"\u001b[31mred",
		"line\nbreak",
		"\u202eright-to-left",
		"p",
		"😀".repeat(9),
	];
	for (const width of [40, 64, 80, 132])
		for (let round = 0; round < 40; round++) {
			const executed = random
				.shuffled(names)
				.slice(round % 6)
				.map((member) => ({ member, verdict: "V".repeat(round) }));
			const lines = drawn(
				{
					title: names[1]!,
					declared: names,
					configured: random.shuffled(names),
					expected: executed,
					executed,
				},
				{ width },
			).split("\n");
			for (const line of lines) {
				expect(line.length).toBeLessThanOrEqual(width);
				expect(line).toMatch(/^[\x20-\x7e]*$/);
			}
		}
});
