// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { editText } from "./edit.js";

const yaml = `# what it is about
program: p # the only one
vectors:
  - name: one   # spaces and all
    packet: { hex: "00" }
    # behind the packet

  # before the second
  - name: two
    packet:
      hex: "01"
    expect:
      retval: XDP_DROP   # why
      packet: unchanged
      maps_after:
        counters: { 1: { packets: "+1",  bytes: "+54" } } # keep
        other: unchanged

  - { name: three, packet: { hex: "02" } }
  - name: four
    sequence:
    - packet: { hex: "03" }
    - packet:
        hex: "04"
`;

describe("edited YAML", () => {
	it("has what is new in block style, where a person would put it", () => {
		const value = {
			retval: "XDP_PASS",
			packet: "unchanged",
			maps_after: { counters: { 0: { packets: "+1" } } },
		};
		expect(editText("a.yaml", yaml, [{ path: ["vectors", "0", "expect"], value }])).toBe(
			yaml.replace(
				'    packet: { hex: "00" }\n',
				`    packet: { hex: "00" }
    expect:
      retval: XDP_PASS
      packet: unchanged
      maps_after:
        counters: { 0: { packets: "+1" } }
`,
			),
		);
	});

	it("changes a number where it stands, and nothing around it", () => {
		const path = ["vectors", "1", "expect", "maps_after", "counters", "1", "bytes"];
		expect(editText("a.yaml", yaml, [{ path, value: "+60" }])).toBe(yaml.replace('"+54"', '"+60"'));
		const retval = { path: ["vectors", "1", "expect", "retval"], value: "XDP_PASS" };
		expect(editText("a.yaml", yaml, [retval])).toBe(yaml.replace("XDP_DROP   # why", "XDP_PASS   # why"));
	});

	it("adds to collections in one line in their line, and to others in lines", () => {
		const changes = [
			{ path: ["vectors", "2", "expect"], value: { retval: "XDP_TX" } },
			{ path: ["vectors", "1", "expect", "maps_after", "counters", "3"], value: null },
			{ path: ["vectors", "1", "expect", "maps_after", "other"], value: { "192.0.2.1": { a: 1 } } },
			{ path: ["vectors", "3", "sequence", "0", "expect"], value: { retval: 7 } },
			{ path: ["vectors", "3", "sequence", "1", "expect"], value: { events: { log: [{ hex: "00" }] } } },
		];
		expect(editText("a.yaml", yaml, changes)).toBe(
			yaml
				.replace('{ hex: "02" } }', '{ hex: "02" }, expect: { retval: XDP_TX } }')
				.replace('"+54" } }', '"+54" }, 3: null }')
				.replace("        other: unchanged", "        other: { 192.0.2.1: { a: 1 } }")
				.replace('hex: "03" }', 'hex: "03" }\n      expect:\n        retval: 7')
				.replace('hex: "04"', 'hex: "04"\n      expect:\n        events:\n          log: [ { hex: "00" } ]'),
		);
	});

	it("keeps the ends of lines, and text without a last one", () => {
		const text = "vectors:\r\n- name: a\r\n  packet: { hex: '' }";
		expect(editText("a.yaml", text, [{ path: ["vectors", "0", "expect"], value: { retval: 1 } }])).toBe(
			`${text}\r\n  expect:\r\n    retval: 1`,
		);
	});

	it("writes out an alias that stands for the changed thing", () => {
		const text = "a: &x { b: 1 }\nc: *x\n";
		expect(editText("a.yaml", text, [{ path: ["c", "b"], value: 2 }])).toBe("a: &x { b: 1 }\nc: { b: 2 }\n");
	});

	it("refuses a change that an alias would carry elsewhere", () => {
		const text = "a: &x { b: 1 }\nc: *x\n";
		expect(() => editText("a.yaml", text, [{ path: ["a", "b"], value: 2 }])).toThrow(
			/^a\.yaml: cannot be changed in place: an alias/,
		);
	});

	it("quotes what would be read as something else", () => {
		const value = { a: "+1", b: "12", c: "::", d: "fe80::", e: "true", f: "x: y", g: "18446744073709551615" };
		for (const text of ["v: {}\n", "v: { z: 1 }\n", "v:\n  z: 1\n"]) {
			expect(editText("a.yaml", text, [{ path: ["v", "n"], value }])).toContain('"+1"');
		}
	});
});

describe("edited JSON", () => {
	const tabs =
		'{\n\t"vectors": [\n\t\t{\n\t\t\t"name": "a",\n\t\t\t"packet": { "hex": "00" }\n\t\t}\n\t]\n}\n';

	it("is indented as it was, with tabs or spaces", () => {
		for (const unit of ["\t", "  ", "    "]) {
			const text = tabs.replaceAll("\t", unit);
			const value = { retval: "XDP_PASS", maps_after: { m: { 1: "+1" } } };
			expect(editText("a.json", text, [{ path: ["vectors", "0", "expect"], value }])).toBe(
				`${JSON.stringify({ vectors: [{ name: "a", packet: 0, expect: value }] }, null, unit)}\n`.replace(
					'"packet": 0',
					'"packet": { "hex": "00" }',
				),
			);
		}
	});

	it("stays in one line where it is in one", () => {
		const text = '{"vectors":[{"name":"a","packet":{"hex":"00"}}]}';
		const value = { retval: "XDP_PASS" };
		expect(editText("a.json", text, [{ path: ["vectors", "0", "expect"], value }])).toBe(
			'{"vectors":[{"name":"a","packet":{"hex":"00"}, "expect": { "retval": "XDP_PASS" }}]}',
		);
	});
});

describe("a file of many lines and values", () => {
	const large = (count: number) =>
		`program: p\nvectors: [{ name: one, retval: 1 }]\nx: [${"1,".repeat(count)}1]\n`;
	const changes = [{ path: ["vectors", "0", "retval"], value: 2 }];

	it("is changed in little processor time", () => {
		const start = process.cpuUsage();
		expect(editText("a.yaml", large(99_000), changes)).toContain("retval: 2");
		expect(process.cpuUsage(start).user / 1000).toBeLessThan(10_000);
	});

	it("is refused before it is parsed when there are more", () => {
		const start = process.cpuUsage();
		expect(() => editText("a.yaml", large(8_000_000), changes)).toThrow(
			"a.yaml: has more than 100000 lines and values, too many to be changed in place; split it",
		);
		expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
	});
});
