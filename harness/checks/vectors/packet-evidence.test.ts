// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { PacketEvidence } from "../../base/packet-record.js";
import { validator } from "../../base/validate.js";
import { sampleObject } from "../../data/package/elf/testobject.js";
import { openPackage } from "../../data/package/package.js";
import { sampleManifest, temporaryFolder } from "../../data/package/testpackage.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import type { Judgement } from "../../lab/subject/session/judgement.js";
import { packetEvidence } from "./packet-evidence.js";

const frame = "020000000002020000000001080600010800060400010000";

async function vectorOf(vector: object): Promise<PreparedVector> {
	await using folder = await temporaryFolder({
		"bpfgate.json": JSON.stringify({ ...sampleManifest, vectors: ["v.json"] }),
		"bpf/count.bpf.o": sampleObject(),
		"v.json": JSON.stringify({ vectors: [{ name: "v", ...vector }] }),
	});
	const [prepared] = suiteOf(await openPackage(folder.path)).vectors;
	if (!prepared) throw new Error("the vector is wrong");
	return prepared;
}

/** What came out: the packet as it went in unless given. */
function judgement(vector: PreparedVector, wrong: readonly number[], after: string[] = []): Judgement {
	const steps = vector.steps.map(({ packet = new Uint8Array() }, index) => ({
		output: { retval: 1, packet, metadata: new Uint8Array() },
		mismatches: wrong.includes(index) ? ["retval: expected XDP_PASS, got XDP_DROP"] : [],
	}));
	return { mismatches: [], steps, after, actual: {} };
}

describe("packetEvidence", () => {
	it("has input, output and expected output, as the schema says", async () => {
		const vector = await vectorOf({
			packet: { hex: frame },
			expect: { retval: "XDP_PASS", packet: { hex: `${frame}00` } },
		});
		const evidence = packetEvidence(vector, judgement(vector, [0], ["x"]));
		expect(evidence).toEqual({
			total: 1,
			steps: [
				{
					number: 1,
					link: "ethernet",
					retval: { actual: "XDP_DROP", expected: "XDP_PASS" },
					input: { hex: frame, length: 24 },
					actual: { hex: frame, length: 24 },
					expected: { hex: `${frame}00`, length: 25 },
					expected_from: "exact",
					mismatches: ["retval: expected XDP_PASS, got XDP_DROP"],
				},
			],
			after: ["x"],
		});
		expect(validator(PacketEvidence).violation(JSON.parse(JSON.stringify(evidence)))).toBeUndefined();
	});

	it("has no expected packet where none was expected", async () => {
		const vector = await vectorOf({ packet: { hex: frame } });
		const [step] = packetEvidence(vector, judgement(vector, [])).steps;
		expect(step).not.toHaveProperty("expected");
		expect(step?.retval).toEqual({ actual: "XDP_DROP" });
	});

	it("is bounded: packets are cut, and those that are as expected left out first", async () => {
		const one = { packet: { hex: "00".repeat(70_000) } };
		const vector = await vectorOf({ sequence: [one, one, one, one] });
		const evidence = packetEvidence(vector, judgement(vector, [3]));
		expect(evidence.total).toBe(4);
		expect(evidence.steps.map(({ number }) => number)).toEqual([1, 4]);
		for (const { input } of evidence.steps)
			expect(input).toMatchObject({ length: 70_000, hex: expect.toSatisfy((hex) => hex.length === 0x20000) });
	});
});
