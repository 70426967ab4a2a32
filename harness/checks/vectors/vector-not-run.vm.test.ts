// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { rewriter, testbench } from "../../lab/subject/session/testsession.js";

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

it.each([
	["6.12", "skip"],
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
				"6.12 runs programs of type sched_cls on frames of at most one page, and this one has 9000 bytes",
		});
	expect(findings.get("rewriter/wrong")).toMatchObject({
		outcome: "fail",
		reason: { code: "test-run-refused" },
	});
});
