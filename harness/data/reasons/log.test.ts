// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { lastLines, readLog } from "./log.js";

const classic = [
	"0: R1=ctx() R10=fp0",
	"; void *data = (void *)(long)ctx->data; @ filter.bpf.c:7",
	"0: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)",
	"; return *(u32 *)(data + 14) == 7; @ my file.bpf.c:8",
	"1: (61) r1 = *(u32 *)(r1 +14)",
	"invalid access to packet, off=14 size=4, R1(id=0,off=14,r=0)",
	"R1 offset is outside of the packet",
];

describe("readLog", () => {
	it("keeps what was said after the last instruction, with its place", () => {
		const log = readLog([...classic, "processed 2 insns (limit 1000000) max_states_per_insn 0"].join("\n"));
		expect(log.messages).toEqual(classic.slice(5));
		expect(log.place).toEqual({
			instruction: 1,
			disassembly: "(61) r1 = *(u32 *)(r1 +14)",
			file: "my file.bpf.c",
			line: 8,
		});
		expect(log.diagnosis).toBeUndefined();
	});

	it("takes 7.3's diagnosis apart and keeps it out of the messages", () => {
		const log = readLog(
			[
				...classic,
				"",
				"Verification failed: Memory Safety: Access outside bounds",
				"",
				"Reason:",
				"  The verifier cannot prove offset + access_size",
				"  <= object_size.",
				"",
				"At:",
				"  packet_bounds @ filter.bpf.c:9:3",
				"  Source context:",
				"  >>> 9 | infinite loop detected at insn 3",
				"        | ^-- error: access may be outside object bounds",
				"  Instruction context:",
				"      0 | (61) r1 = *(u32 *)(r1 +0)",
				"  >>> 1 | (61) r1 = *(u32 *)(r1 +14)",
				"Causal path:",
				"  packet_bounds @ filter.bpf.c:1:1",
				"Suggestion:",
				"  Add a bounds check.",
				"processed 2 insns (limit 1000000) max_states_per_insn 0",
			].join("\n"),
		);
		expect(log.messages).toEqual(classic.slice(5));
		expect(log.diagnosis).toEqual({
			category: "Memory Safety",
			problem: "Access outside bounds",
			reason: "The verifier cannot prove offset + access_size <= object_size.",
			suggestion: "Add a bounds check.",
			place: { file: "filter.bpf.c", line: 9, instruction: 1, disassembly: "(61) r1 = *(u32 *)(r1 +14)" },
		});
	});

	it("reads nothing from nothing", () => {
		expect(readLog("")).toEqual({ messages: [], place: {} });
	});

	it("takes no words from the program's own source lines", () => {
		expect(readLog("0: (95) exit\n; unknown opcode ff @ x.c:1\n").messages).toEqual([]);
	});
});

describe("the last lines", () => {
	it("are the verifier's own, with the source, without statistics and diagnosis", () => {
		const words = ["; x = *p; @ a.c:4", "3: (61) r1 = *(u32 *)(r1 +14)", "R1 invalid mem access 'scalar'"];
		const classic = `0: (b7) r0 = 0\n${words.join("\n")}\n`;
		const statistics = "processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0\n";
		expect(lastLines(`${classic}${statistics}`, 3)).toEqual(words);
		const diagnosis = "\nVerification failed: Memory Safety: access\n\nReason:\n  it is so\n";
		expect(lastLines(`${classic}${diagnosis}${statistics}`, 3)).toEqual(words);
		expect(lastLines("", 3)).toEqual([]);
	});
});
