// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { InputError } from "../../base/errors.js";
import { rodataOf } from "./elf/rodata.js";
import { buildElf, TestBtf } from "./elf/testelf.js";
import { sampleElf, sampleObject } from "./elf/testobject.js";
import { readObject } from "./object.js";

/**
 * Everything that is ever done with an object. Anything but success and InputError is a fault of
 * ours.
 */
function useObject(bytes: Uint8Array): "read" | "refused" {
	try {
		const object = readObject("x.bpf.o", bytes);
		for (const program of object.programs) object.btfExt?.lineAt(program.section, program.offset);
		rodataOf({
			...object,
			settings: { file: "x.bpf.o", rodata: { limit: 7, config: { label: "a" }, hidden: 1 } },
		});
		return "read";
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		expect(error.message).not.toContain("\n");
		return "refused";
	}
}

/** The same numbers in each run (Numerical Recipes' linear congruential generator). */
function* random(seed: number): Generator<number, never> {
	for (let state = seed; ; ) {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		yield state >>> 8;
	}
}

describe.each([true, false])("little endian %s", (littleEndian) => {
	const good = sampleObject({ littleEndian });

	it("is used whole", () => {
		expect(useObject(good)).toBe("read");
	});

	it("is refused wherever it is cut off", () => {
		for (let size = 0; size < good.length; size += 7)
			expect(useObject(good.subarray(0, size))).toBe("refused");
	});

	it("never leads to anything but an object or an InputError when a byte is changed", () => {
		const numbers = random(littleEndian ? 1 : 2);
		const outcomes = { read: 0, refused: 0 };
		for (let round = 0; round < 600; round++) {
			const at = numbers.next().value % good.length;
			const bytes = Uint8Array.from(good);
			bytes[at] = bytes[at]! ^ (1 + (numbers.next().value % 255));
			outcomes[useObject(bytes)]++;
		}
		expect(outcomes.read).toBeGreaterThan(0);
		expect(outcomes.refused).toBeGreaterThan(0);
	});

	it("never does so when many bytes are changed", () => {
		const numbers = random(littleEndian ? 3 : 4);
		for (let round = 0; round < 300; round++) {
			const bytes = Uint8Array.from(good);
			for (let count = 0; count < 8; count++)
				bytes[64 + (numbers.next().value % (bytes.length - 64))] = numbers.next().value & 0xff;
			useObject(bytes);
		}
	});
});

/** The sample with other type information. */
function withBtf(btf: TestBtf): Uint8Array {
	const elf = sampleElf();
	const sections = elf.sections
		.filter(({ name }) => name !== ".BTF.ext")
		.map((section) => (section.name === ".BTF" ? { ...section, data: btf.done() } : section));
	return buildElf({ ...elf, sections });
}

describe("ends soon on", () => {
	const cases: [string, (btf: TestBtf) => void, RegExp][] = [
		[
			"a typedef of itself",
			(btf) => btf.datasec(".maps", [[btf.variable("hits", btf.typedef("t", 3)), 0, 8]]),
			/.*/,
		],
		[
			"a map of a very long type chain",
			(btf) => {
				let id = btf.int("int", 4);
				for (let depth = 0; depth < 100; depth++) id = btf.const(id);
				btf.datasec(".maps", [[btf.variable("hits", id), 0, 8]]);
			},
			/BTF type \d+: leads through more than 32 other types/,
		],
		[
			"a map with thousands of fields",
			(btf) => {
				const int = btf.int("int", 4);
				const fields = Array.from({ length: 5000 }, () => ({ name: "type", count: 1 }));
				btf.datasec(".maps", [[btf.variable("hits", btf.mapDefinition(fields, int)), 0, 8]]);
			},
			/map hits: has 5000 fields/,
		],
		[
			"a map that is a number",
			(btf) => btf.datasec(".maps", [[btf.variable("hits", btf.int("int", 4)), 0, 8]]),
			/map hits: is int, not a struct/,
		],
		[
			"a map field that libbpf does not know",
			(btf) => {
				const int = btf.int("int", 4);
				const map = btf.mapDefinition(
					[
						{ name: "type", count: 1 },
						{ name: "colour", count: 1 },
					],
					int,
				);
				btf.datasec(".maps", [[btf.variable("hits", map), 0, 8]]);
			},
			/map hits: has unknown field "colour"/,
		],
		[
			"a map without a type",
			(btf) =>
				btf.datasec(".maps", [
					[btf.variable("hits", btf.mapDefinition([{ name: "max_entries", count: 1 }], 1)), 0, 8],
				]),
			/map hits: has no type/,
		],
		[
			"types that end too early",
			(btf) => btf.add(4, "s", 8, [0], 1000),
			/BTF type 1: ends behind the type section/,
		],
		["a type of an unknown kind", (btf) => btf.add(30, "s", 8), /BTF type 1: has unknown kind 30/],
	];
	it.each(cases)("%s", (_, write, message) => {
		const btf = new TestBtf();
		write(btf);
		expect(() => readObject("x.bpf.o", withBtf(btf))).toThrow(
			expect.objectContaining({ name: "InputError", message: expect.stringMatching(message) }),
		);
	});
});
