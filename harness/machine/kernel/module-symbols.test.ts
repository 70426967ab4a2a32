// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { STB, STT } from "../../data/package/elf/elf.js";
import { buildElf } from "../../data/package/elf/testelf.js";
import { moduleSymbols } from "./module-symbols.js";

const text = { name: ".text", data: new Uint8Array(64) };

it.each([true, false])(
	"finds the functions and tracepoints of a module (little endian: %s)",
	(littleEndian) => {
		const symbols = [
			{ name: "br_forward", section: ".text", size: 8 },
			{ name: "br_pass_frame_up", section: ".text", size: 8, binding: STB.LOCAL },
			{ name: "__tracepoint_br_fdb_add", section: ".text", type: STT.OBJECT },
			{ name: "br_name", section: ".text", type: STT.OBJECT },
			{ name: "netif_rx", type: STT.FUNC },
		];
		const bytes = buildElf({ littleEndian, machine: 62, sections: [text], symbols });
		expect(moduleSymbols("bridge.ko", bytes)).toEqual(["br_forward", "br_pass_frame_up", "tp:br_fdb_add"]);
	},
);

it("refuses what is no module, with the place", () => {
	expect(() => moduleSymbols("x.ko", new Uint8Array(80))).toThrow(
		"x.ko: ELF header: is not a 64-bit ELF object",
	);
	const bytes = buildElf({ machine: 62, sections: [text], symbols: [] });
	for (let length = 64; length < bytes.length; length += 7)
		expect(() => moduleSymbols("x.ko", bytes.subarray(0, length))).toThrow(/^x\.ko: /);
});
