// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { explainAttach, explainLoad, explainMap, explainOpen, verifierStatistics } from "./explain.js";

const size = 16 * 1024 * 1024;
const kernel = { id: "x", release: "x" };
const program = { name: "p", section: "xdp", type: "xdp" };

/**
 * 16 MB of what makes careless patterns backtrack; each must be read in two seconds of CPU time,
 * all five ways.
 */
const logs: [string, string][] = [
	["one line", "a".repeat(size)],
	["spaces", " ".repeat(size)],
	["empty lines", "\n".repeat(size)],
	["instructions", "1: (85) call unknown#1\n".repeat(size / 23)],
	["almost packet accesses", "invalid access to packet, off=1 size=1, R1(id=0,off=".repeat(size / 52)],
	["almost lock messages", `${"bpf_spin_lock".repeat(120)}\n`.repeat(10_000)],
	[
		"almost CO-RE",
		`failed to resolve CO-RE relocation <byte_off> [1] ${"struct ".repeat(280)}\n`.repeat(8000),
	],
	["diagnoses", "Verification failed: A: B\nReason:\n  x\nAt:\n  y\n".repeat(size / 50)],
	["digits", `R${"1".repeat(1900)} type=${"_or_null".repeat(10)}\n`.repeat(8000)],
	["libbpf", `libbpf: ${"elf: ".repeat(300)}\n`.repeat(10_000)],
	["maps", `libbpf: map '${"a".repeat(1900)}\n`.repeat(8000)],
];

describe("hostile logs", () => {
	it.each(logs)("%s", (_, log) => {
		const started = process.cpuUsage();
		explainLoad({ kernel, program, errno: 22, verifierLog: log, libbpfLog: "" });
		explainLoad({ kernel, program, errno: 22, verifierLog: "", libbpfLog: log });
		explainAttach({ kernel, program, hook: "xdp", errno: 22, libbpfLog: log });
		explainMap({ kernel, map: { name: "m", type: "hash" }, errno: 22, libbpfLog: log });
		explainOpen({ object: "o", errno: 22, libbpfLog: log });
		verifierStatistics(log);
		expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
	});
});
