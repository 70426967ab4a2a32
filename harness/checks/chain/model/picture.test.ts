// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { Random } from "../../../data/packet/random.js";
import { chainPicture } from "./picture.js";
import { type ChainOrders, chainView } from "./view.js";

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

it("shows a chain that is as declared without a mark", () => {
	expect(drawn({})).toBe(
		`
front: xdp by dispatcher on 6.12
  declared                   configured                 executed
  1 filter                   1 filter                   1 filter XDP_PASS
  2 meter                    2 meter                    2 meter XDP_PASS
  3 mirror                   3 mirror                   3 mirror XDP_PASS`.trimStart(),
	);
});

it("marks what differs and says how, in lines of 80 columns", () => {
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
! meter should stand at place 2 and stands at place 1
! filter should stand at place 1 and stands at place 2
! intruder stands at place 4 and is no member of the chain
! meter should run at place 2 and ran at place 1
! filter should run at place 1 and ran at place 2
! mirror should run at place 3 and never ran: the last that the packet met was
  filter (XDP_DROP)`.trimStart(),
	);
});

it("says of a member that ran too late who should have ended the chain", () => {
	const drop = { member: "meter", verdict: "XDP_DROP" };
	expect(
		drawn({ expected: [pass("filter"), drop], executed: [pass("filter"), drop, pass("mirror")] }),
	).toContain("! mirror ran at place 3, though meter (XDP_DROP) at place 2 should have ended\n  the chain");
});

it("colours only what differs, and adds nothing else", () => {
	const view = chainView({ ...orders, configured: ["filter", "mirror"] });
	const plain = chainPicture(view, { width: 80 });
	const coloured = chainPicture(view, { width: 80, mark: (text) => `<${text}>` });
	expect(coloured.join("\n")).toContain("<! - meter missing>");
	expect(coloured.map((line) => line.replace(/[<>]/g, ""))).toEqual(plain);
});

it("keeps to its width whatever the names are, and shows no control character", () => {
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
