// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from "vitest";
import { sampleObject } from "../../package/elf/testobject.js";
import { openPackage } from "../../package/package.js";
import { sampleManifest, temporaryFolder } from "../../package/testpackage.js";
import { toHex } from "../../packet/bytes.js";
import { type PreparedVector, suiteOf } from "../suite.js";
import { isMutable, type Mutant, mutantOf, mutantsOf, mutantText } from "./mutant.js";

/** A packet of each kind that is changed in a way of its own, and an address as a map's key. */
const file = `maps_before: { hits: { 192.0.2.0: 1 } }
vectors:
  - name: tcp
    packet: { layers: [ { eth: {} }, { ipv4: { src: 198.51.100.7 } }, { tcp: { dport: 443, flags: [ syn ] } } ] }
  - name: udp
    packet: { layers: [ { eth: {} }, { ipv4: {} }, { udp: { dport: 53 } }, { payload: { length: 20 } } ] }
  - name: udp-over-ipv6
    packet: { layers: [ { eth: {} }, { ipv6: {} }, { udp: { dport: 53 } }, { payload: { length: 20 } } ] }
  - name: connection
    sequence:
      - packet: { layers: [ { eth: {} }, { ipv4: {} }, { tcp: { flags: [ syn ] } } ] }
        repeat: 3
        expect: { retval: XDP_PASS, maps_after: { hits: unchanged } }
      - packet: { layers: [ { eth: {} }, { ipv4: {} }, { tcp: { flags: [ ack ] } } ] }
`;

let vectors: PreparedVector[];
beforeAll(async () => {
	await using folder = await temporaryFolder({
		"bpfgate.json": JSON.stringify({ ...sampleManifest, vectors: ["v.yaml"] }),
		"bpf/count.bpf.o": sampleObject(),
		"v.yaml": file,
	});
	const suite = suiteOf(await openPackage(folder.path));
	expect(suite.invalid).toEqual([]);
	vectors = suite.vectors;
});

const shownAs = (mutant: Mutant) =>
	`${mutant.base.case} ${mutantText(mutant)}: ${mutant.vector.steps.map(({ packet }) => toHex(packet ?? new Uint8Array())).join()}`;

describe("mutants", () => {
	it("are the same for a seed and others for another", () => {
		const made = (seed: number) => [...mutantsOf(vectors, 200, seed)].map(shownAs);
		expect(made(1)).toEqual(made(1));
		const other = new Set(made(2));
		expect(made(1).filter((mutant) => !other.has(mutant)).length).toBeGreaterThan(80);
	});

	it("of a vector do not depend on the other vectors' number of mutants", () => {
		const few = [...mutantsOf(vectors, 200, 7)].map(shownAs);
		const many = [...mutantsOf(vectors, 400, 7)].map(shownAs);
		expect(many.slice(0, 200)).toEqual(few);
	});

	it("are all different, differ from their vector, and say how", () => {
		const all = [...mutantsOf(vectors, 1000, 3)];
		expect(all).toHaveLength(1000);
		const inputs = all.map(
			({ vector, step, base }) =>
				`${base.case} ${step} ${toHex(vector.steps[step]?.packet ?? new Uint8Array())}`,
		);
		expect(new Set(inputs).size).toBe(1000);
		for (const mutant of all) {
			expect(mutantText(mutant)).not.toBe("as it is");
			expect(mutant.vector.steps[mutant.step]?.packet?.length).toBeGreaterThanOrEqual(14);
		}
	});

	it("reach each kind of change, and what stands in the maps' keys", () => {
		const texts = [...mutantsOf(vectors, 4000, 3)].map(mutantText).join("\n");
		for (const wanted of [
			/ipv4\.ihl 5 → 6/,
			/ipv4\.tot_len \d+ → 0\b/,
			/ipv4\.check "0x[0-9a-f]+" →/,
			/ipv4\.flags \[\] → \["mf"/,
			/ipv4\.frag_off 0 → 1\b/,
			/ipv4\.protocol "tcp" → 17\b|ipv4\.protocol "udp" → 6\b/,
			/ipv4\.options none → \["nop"/,
			/ipv6\.payload_len \d+ → 65535/,
			/udp\.len \d+ → 0\b/,
			/tcp\.doff 5 → 15/,
			/tcp\.flags /,
			/vlan before ipv4/,
			/hopopts before /,
			/ipv4#2|ipv4 before ipv4/,
			/cut behind ipv4 to 34 bytes/,
			/cut inside ipv4 to 33 bytes/,
			/bytes of 255 appended/,
			/byte \d+ \d+ → \d+/,
			/removed/,
			/ipv4\.src "[0-9.]+" → "192\.0\.2\.0"/,
		])
			expect(texts).toMatch(wanted);
	});

	it("have computed lengths and checksums where these are not what is changed", () => {
		const vector = vectors.find(({ steps }) => steps.length === 1 && steps[0]?.packet?.[12] === 0x08)!;
		const edit = {
			kind: "insert",
			layer: 1,
			layers: [{ vlan: { id: 5 } }],
			text: "vlan before ipv4",
		} as const;
		const mutant = mutantOf(vector, 0, [edit])!;
		const [before, after] = [vector.steps[0]!.packet!, mutant.vector.steps[0]!.packet!];
		expect(toHex(after)).toBe(`${toHex(before.subarray(0, 12))}810000050800${toHex(before.subarray(14))}`);
	});

	it("expect nothing and run each packet once", () => {
		for (const { vector } of mutantsOf(vectors, 50, 1))
			for (const { expected, repeat } of vector.steps) {
				expect(expected).toEqual({ maps: [], events: [] });
				expect(repeat).toBe(1);
			}
	});

	it("has no mutants where there is nothing to change", () => {
		const [vector] = vectors;
		const without = { ...vector!, subject: { ...vector!.subject, type: "raw_tracepoint" } };
		expect(isMutable(without)).toBe(false);
		expect([...mutantsOf([without], 10, 1)]).toEqual([]);
	});
});
