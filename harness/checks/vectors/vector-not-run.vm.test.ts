// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { compiled, rewriter, testbench } from "../../lab/subject/session/testsession.js";

const frame = (payload: number) =>
	`{ layers: [ { eth: {} }, { ipv4: {} }, { udp: {} }, { payload: { length: ${payload} } } ] }`;
/** The second names a device that there is not, which every kernel refuses. */
const vectors = `
program: mark
vectors:
  - { name: jumbo, packet: ${frame(8958)} }
  - { name: wrong, packet: ${frame(8958)}, context: { ifindex: 4711 } }
  - { name: small, packet: ${frame(1000)} }
`;

/** Its retval is the length that it sees. */
const lengths = `
vectors:
  - { name: whole, program: seen, packet: { layers: [ { eth: {} }, { payload: { length: 3506 } } ] }, expect: { retval: 3520 } }
  - { name: part, program: seen, packet: { layers: [ { eth: {} }, { payload: { length: 3507 } } ] }, expect: { retval: 3520 } }
  - { name: frags, program: seen_frags, packet: { layers: [ { eth: {} }, { payload: { length: 3507 } } ] }, expect: { retval: 3521 } }
`;

it.each(["5.10", "7.3"])("on %s a frame is a finding when XDP would see only a part", async (kernel) => {
	await using bench = await testbench(kernel);
	const source = fileURLToPath(new URL("testdata/frame-length/frame-length.bpf.c", import.meta.url));
	const findings = await bench.check(await compiled("lengths", source, lengths));
	expect(findings.get("lengths/whole")).toMatchObject({ outcome: "pass" });
	expect(findings.get("lengths/part")).toMatchObject({
		outcome: "fail",
		reason: {
			code: "frame-exceeds-buffer",
			message:
				"lengths/part has a frame of 3521 bytes; a program in xdp, as seen, gets at most 3520 in one buffer and would see only a part",
		},
	});
	expect(findings.get("lengths/frags")).toMatchObject({ outcome: kernel === "5.10" ? "skip" : "pass" });
});

it.each([
	["5.10", "skip"],
	["7.3", "pass"],
])("on %s a frame of several buffers for tc: %s", async (kernel, outcome) => {
	await using bench = await testbench(kernel);
	const findings = await bench.check(await rewriter([], () => vectors));
	expect(findings.get("rewriter/small")).toMatchObject({ outcome: "pass" });
	expect(findings.get("rewriter/jumbo")).toMatchObject({ outcome });
	if (outcome === "skip")
		expect(findings.get("rewriter/jumbo")?.reason).toMatchObject({
			code: "feature-unsupported",
			message:
				"5.10 runs programs of type sched_cls on frames of at most one page, and this one has 9000 bytes",
		});
	expect(findings.get("rewriter/wrong")).toMatchObject({
		outcome: "fail",
		reason: {
			code: "test-run-refused",
			message: expect.stringMatching(
				/returned \w+; it refuses ifindex \(4711\) of struct __sk_buff, and accepts mark, priority, /,
			),
		},
	});
});
