// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { verifierStatistics } from "./statistics.js";

describe("verifierStatistics", () => {
	it("reads what kernels up to 7.2 print", () => {
		const log = [
			"verification time 3450 usec",
			"stack depth 200+0+8",
			"processed 1441 insns (limit 1000000) max_states_per_insn 4 total_states 24 peak_states 23 mark_read 9",
			"",
		].join("\n");
		expect(verifierStatistics(log)).toEqual({
			insns_processed: 1441,
			insns_limit: 1_000_000,
			max_states_per_insn: 4,
			total_states: 24,
			peak_states: 23,
			mark_read: 9,
			stack_depth: [200, 0, 8],
			verification_time_us: 3450,
		});
	});

	it("reads the functions and the deepest stack of 7.3", () => {
		const log = [
			"verification time 4480 usec",
			"stack depth max 216",
			"subprog 0 (main_prog) main insns_self 10 insns_total 18 stack 16",
			"subprog 1 (helper) static insns_self 8 insns_total 8 stack 200",
			"processed 18 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0",
		].join("\n");
		expect(verifierStatistics(log)).toMatchObject({
			stack_depth: [16, 200],
			stack_depth_max: 216,
			insns_processed: 18,
		});
	});

	it("has nothing where the kernel says nothing", () => {
		expect(verifierStatistics("")).toEqual({});
		expect(verifierStatistics("R1 !read_ok\n")).toEqual({});
		expect(verifierStatistics("; processed 5 insns (limit 9) in a comment")).toEqual({});
	});
});
