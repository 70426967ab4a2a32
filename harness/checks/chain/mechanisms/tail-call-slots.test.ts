// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { meaningOf } from "../../../data/package/elf/section.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import { slotType } from "./tail-call-slots.js";

const program = (section: string): ProgramFacts => {
	const meaning = meaningOf(section);
	return {
		...{ name: "root", section, offset: 0, insns: 2 },
		...(meaning ? { meaning } : {}),
		uses: { helpers: [], kfuncs: [], maps: [], functions: [], insns: 2 },
	};
};

it.each([
	["xdp", "xdp"],
	["?xdp", "xdp"],
	["xdp.frags", "xdp.frags"],
	["?xdp.frags", "xdp.frags"],
	["tc", "tc"],
	["classifier", "tc"],
	["tc/ingress", "tcx/ingress"],
	["tcx/egress", "tcx/egress"],
	["netkit/peer", "netkit/peer"],
])("a root in section %s calls programs of %s", (section, type) => {
	expect(slotType(program(section))).toBe(type);
});
