// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { neverRun, testRunRules, withEthernetHeader } from "./program-type.js";

describe("the Ethernet header that a program does not see", () => {
	const header = (ethertype: number[]) => [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...ethertype];
	const zeros = new Array<number>(14).fill(0);
	const sent = Uint8Array.from([...header([0x08, 0x00]), 0x45, 1]);

	it("is the one that went in", () => {
		expect(withEthernetHeader(sent, Uint8Array.from([...zeros, 0x45, 9]))).toEqual(
			Uint8Array.from([...header([0x08, 0x00]), 0x45, 9]),
		);
		expect(withEthernetHeader(sent, Uint8Array.from([...zeros, 0x20]))).toEqual(
			Uint8Array.from([...header([0x08, 0x00]), 0x20]),
		);
		expect(withEthernetHeader(sent, Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
	});

	it("says what the packet has become", () => {
		const within6 = withEthernetHeader(sent, Uint8Array.from([...zeros, 0x60, 0]));
		expect([...within6.subarray(12, 14)]).toEqual([0x86, 0xdd]);
		expect([...withEthernetHeader(within6, Uint8Array.from([...zeros, 0x45])).subarray(12, 14)]).toEqual([
			0x08, 0x00,
		]);
	});
});

describe("what no kernel runs", () => {
	it.each([
		["ext", "", "handle", /freplace/],
		["tracing", "trace_fentry", "vfs_read", /never vfs_read/],
		["tracing", "trace_fentry", "bpf_fentry_test1_more", /never bpf_fentry_test1_more/],
		["tracing", "trace_raw_tp", "sched_switch", /attached as trace_raw_tp/],
		["tracing", "trace_iter", "task", /attached as trace_iter/],
		["tracing", "trace_fentry", "", /never its target/],
	])("%s, attached as %j to %j", (type, attachType, target, reason) => {
		expect(neverRun(type, attachType, target)).toMatch(reason);
	});

	it.each([
		["xdp", "xdp", ""],
		["kprobe", "", "vfs_read"],
		["tracing", "trace_fexit", "bpf_fentry_test7"],
		["tracing", "modify_return", "bpf_modify_return_test"],
	])("is for the kernel to say of %s, attached as %j to %j", (type, attachType, target) => {
		expect(neverRun(type, attachType, target)).toBeUndefined();
	});
});

it("types that the table does not have are left to the kernel", () => {
	expect(testRunRules("kprobe").packet).toBe("perhaps");
	expect(testRunRules("constructor").packet).toBe("perhaps");
	expect(testRunRules("sk_lookup").packet).toBe("none");
});
