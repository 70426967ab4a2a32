// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { Btf } from "../data/package/btf/btf.js";
import { TestBtf } from "../data/package/elf/testelf.js";
import { expectationsOf, patternOf } from "./selftest-expectation.js";
import { retvalOf } from "./selftest-retval.js";
import type { SelftestResult } from "./selftest-run.js";
import { summaryOf } from "./selftest-summary.js";

/** BTF with a function of that name and these declaration tags. */
function tagged(name: string, ...tags: string[]): Btf {
	const btf = new TestBtf(true);
	const func = btf.func(name, btf.proto(btf.int("int", 4, 1)));
	// BTF_KIND_DECL_TAG; the component -1 is the function itself.
	for (const tag of tags) btf.add(17, tag, func, [0xffffffff]);
	return new Btf("x.o", btf.done());
}

const of = (...tags: string[]) =>
	expectationsOf({ btf: tagged("f", ...tags), programs: [{ name: "f" }, { name: "other" }] });

describe("annotations", () => {
	it.each([
		[
			"7.3",
			[
				"comment:2:test_expect_msg=second",
				"comment:1:test_expect_msg=first",
				"comment:0:test_expect_failure",
			],
		],
		[
			"6.12",
			["comment:test_expect_msg=2=second", "comment:test_expect_msg=1=first", "comment:test_expect_failure"],
		],
	])("are read as %s writes them", (_, tags) => {
		expect(of(...tags).programs).toEqual([
			{ program: "f", loads: false, messages: ["first", "second"], flags: [] },
		]);
	});

	it("give return values and flags, and imply success", () => {
		expect(of("comment:0:test_retval=-1", "comment:1:test_prog_flags=BPF_F_SLEEPABLE").programs).toEqual([
			{ program: "f", loads: true, messages: [], retval: "-1", flags: ["BPF_F_SLEEPABLE"] },
		]);
	});

	it("of another mode, machine or role are no expectations here", () => {
		expect(of("comment:0:test_expect_failure_unpriv").programs).toEqual([]);
		expect(of("comment:0:test_expect_success", "comment:1:test_arch=ARM64").programs[0]?.elsewhere).toBe(
			"ARM64",
		);
		expect(of("comment:0:test_expect_success", "comment:1:load_mode=no_jited").programs[0]?.elsewhere).toBe(
			"no JIT",
		);
		expect(of("comment:0:test_auxiliary")).toEqual({ programs: [], auxiliary: ["f"] });
	});

	it.each([
		["42", 42],
		["0xfffffffe", 0xfffffffe],
		["-0", 0],
		["INT_MIN", -0x80000000],
		["TEST_DATA_LEN", 64],
		["POINTER_VALUE", undefined],
		["0xbadcafe", undefined],
		[undefined, undefined],
	])("%s is the value %s", (written, value) => {
		expect(retvalOf(written)).toBe(value);
	});
});

const result = (name: string, more: Partial<SelftestResult> = {}): SelftestResult => ({
	...{ name, program: name, loads: true, messages: [], flags: [], outcome: "pass", log: "" },
	...more,
});
const summary = (results: SelftestResult[], explained: Record<string, string> = {}) =>
	summaryOf(
		{ id: "7.3", release: "7.3.4" },
		results,
		{ objects: ["o"], uncompiled: {}, module: { lack: "no headers" } },
		explained,
	);
const many = Array.from({ length: 200 }, (_, i) => result(`good/${i}`));
const refused = (name: string, code: string) =>
	result(name, { loads: false, outcome: "fail", code, message: "no" });

describe("expected messages", () => {
	it("are literal, but for regular expressions in braces", () => {
		expect(patternOf("R{{[0-9]+}} type=scalar (x)").test("then R12 type=scalar (x)")).toBe(true);
		expect(patternOf("R{{[0-9]+}} type=scalar (x)").test("then Rx type=scalar (x)")).toBe(false);
		expect(patternOf("off=0+1.").test("off=001x")).toBe(false);
	});
});

describe("the summary", () => {
	it("is sound where all agree", () => {
		const { sound, lines } = summary([...many, refused("bad/a", "out-of-bounds")]);
		expect(sound).toBe(true);
		expect(lines).toContain("agree: 201 (100.0 %), explained: 0, unexplained: 0");
	});

	it("is not sound with a disagreement that nothing explains, by verdict or return value", () => {
		const passes = result("bad/a", { loads: false });
		expect(summary([...many, passes]).sound).toBe(false);
		expect(summary([...many, passes], { "bad/a": "known" }).sound).toBe(true);
		expect(summary([...many, passes], { "bad/*": "known" }).sound).toBe(true);
		const returns = result("bad/b", { retval: "1", run: { outcome: "fail", message: "returned 2" } });
		const { sound, lines } = summary([...many, returns]);
		expect(sound).toBe(false);
		expect(lines).toContain("  bad/b: expected to return 1: returned 2: NOT EXPLAINED");
	});

	it("counts a refusal in other words than expected as a disagreement", () => {
		const other = { ...refused("bad/a", "libbpf-too-old"), messages: ["R1 leaks"], otherwise: true as const };
		const { sound, lines } = summary([...many, other]);
		expect(sound).toBe(false);
		expect(lines.join("\n")).toContain(
			"bad/a: expected fail (R1 leaks), found fail (libbpf-too-old: no): NOT",
		);
	});

	it("is not sound below 99 % or with more than 2 % that no rule knows", () => {
		const wrong = many.slice(0, 3).map(({ name }) => result(name, { loads: false }));
		expect(summary([...many.slice(3), ...wrong], { "good/*": "known" }).sound).toBe(false);
		expect(summary([...many, refused("bad/a", "rejected")]).sound).toBe(false);
	});

	it("leaves out what needs bpf_testmod, and names explanations of nothing", () => {
		const { lines, sound } = summary(
			[...many, result("mod/a", { outcome: "fail", needs: "bpf_testmod_x" })],
			{
				"gone/a": "was so",
			},
		);
		expect(sound).toBe(true);
		expect(lines).toContain("  gone/a: explained, but nothing disagrees");
		expect(lines[1]).toContain("1 programs that need bpf_testmod");
	});
});
