// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { openPackage } from "../../data/package/package.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import { findingsOf } from "./explore-findings.js";
import { type ExploreLab, type SearchOptions, search } from "./mutant-search.js";
import type { Observation } from "./observation.js";

let vectors: PreparedVector[];
beforeAll(async () => {
	const pkg = await openPackage(fileURLToPath(new URL("../../../programs/xdp-filter", import.meta.url)));
	vectors = suiteOf(pkg).vectors.filter(
		({ subject, isSequence }) => subject.program.name === "xdp_filter" && !isSequence,
	);
	expect(vectors.length).toBeGreaterThan(3);
});

type Kernel = (packet: Uint8Array) => Observation;

/** Kernels that are functions of the packet. */
function lab(kernels: Record<string, Kernel>): ExploreLab & { asked: number } {
	return {
		asked: 0,
		kernels: Object.keys(kernels),
		ready: () => true,
		async observe(kernel, given) {
			this.asked += given.length;
			return given.map(({ steps: [step] }) => kernels[kernel]!(step!.packet!));
		},
	};
}

const ran = (retval = "XDP_PASS", bytes = 60, facts = {}): Observation => ({
	kind: "ran",
	facts: { retval, ...facts },
	outputs: [{ retval: { XDP_DROP: 1, XDP_PASS: 2 }[retval] ?? Number(retval), bytes }],
});
const options: SearchOptions = { mutants: 400, seed: 1, signal: new AbortController().signal };
const isIpv4 = (packet: Uint8Array) => packet[12] === 8 && packet[13] === 0;
const ihl = (packet: Uint8Array) => (isIpv4(packet) ? (packet[14] ?? 0) & 15 : 0);
const good: Kernel = () => ran();

const told = async (kernels: Record<string, Kernel>, more: Partial<SearchOptions> = {}) => {
	const searched = await search(lab(kernels), vectors, { ...options, ...more });
	const { subject } = vectors[0]!;
	const findings = findingsOf(subject, searched, { kernels: Object.keys(kernels), seed: 1 });
	const finds = findings.filter(({ finding }) => finding.outcome === "fail");
	return { searched, finds };
};

describe("a search", () => {
	it("finds nothing where kernels agree", async () => {
		const { searched, finds } = await told({ a: good, b: good });
		expect(finds).toEqual([]);
		expect(searched).toMatchObject({
			mutants: 400,
			similar: 0,
			unstable: 0,
			refused: 0,
			refused_differently: 0,
		});
	});

	it("names the kernel that differs from most, and makes the packet small", async () => {
		const odd: Kernel = (packet) => ran(ihl(packet) === 15 ? "XDP_DROP" : "XDP_PASS");
		const { finds } = await told({ a: good, b: odd, c: good });
		expect(finds.length).toBeGreaterThan(0);
		for (const { kernel, finding } of finds) {
			expect(kernel).toBe("between");
			expect(finding.reason?.code).toBe("explore-disagreement");
			expect(finding.reason?.message).toMatch(
				/^xdp_filter: retval is XDP_DROP on b, XDP_PASS on a, c, given filter\//,
			);
			expect(JSON.stringify(finding.evidence.packets).length).toBeLessThan(160);
		}
	});

	it("reports nothing that the vector does unchanged", async () => {
		const drifting: Kernel = () => ran("XDP_DROP");
		const { searched, finds } = await told({ a: good, b: drifting });
		expect(finds).toEqual([]);
		expect(Object.values(searched.not_compared)).toEqual(vectors.map(() => ["retval"]));
	});

	it("ignores facts that vary between runs, and compares the rest", async () => {
		let clock = 0;
		const ticking: Kernel = (packet) =>
			ran(ihl(packet) === 0 ? "XDP_DROP" : "XDP_PASS", 60, { "maps/last[0]": clock++ });
		const agreed = await told({ a: ticking, b: ticking });
		expect(agreed.finds).toEqual([]);
		const other: Kernel = (packet) =>
			ran(ihl(packet) > 5 ? "XDP_DROP" : "XDP_PASS", 60, { "maps/last[0]": clock++ });
		expect((await told({ a: ticking, b: other })).finds.length).toBeGreaterThan(0);
	});

	it("drops what does not happen again", async () => {
		const seen = new Set<string>();
		const once: Kernel = (packet) => {
			const key = Buffer.from(packet).toString("hex");
			const first = !seen.has(key);
			seen.add(key);
			return ran(first && ihl(packet) > 5 ? "XDP_DROP" : "XDP_PASS");
		};
		const { searched, finds } = await told({ a: good, b: once });
		expect(finds).toEqual([]);
		expect(searched.unstable).toBeGreaterThan(0);
	});

	it("counts what kernels refuse, without calling it a find", async () => {
		const strict: Kernel = (packet) => (packet.length < 30 ? { kind: "refused", errno: 22, step: 0 } : ran());
		const { searched, finds } = await told({ a: good, b: strict });
		expect(finds).toEqual([]);
		expect(searched.refused_differently).toBeGreaterThan(0);
		expect((await told({ a: strict, b: strict })).searched.refused).toBeGreaterThan(0);
	});

	it("finds unknown return values on each kernel that has them", async () => {
		const stray: Kernel = (packet) => ran(ihl(packet) === 15 ? "77" : "XDP_PASS");
		const { finds } = await told({ a: stray, b: stray });
		expect(new Set(finds.map(({ kernel }) => kernel))).toEqual(new Set(["a", "b"]));
		expect(finds[0]?.finding.reason).toMatchObject({
			code: "explore-retval",
			message: expect.stringContaining("returns 77"),
		});
	});

	it("accepts unknown return values that a vector expects", async () => {
		const stray: Kernel = (packet) => ran(ihl(packet) === 15 ? "77" : "31");
		const [first, ...others] = vectors;
		const expected = { maps: [], events: [], retval: 31 };
		const meant = [{ ...first!, steps: first!.steps.map((step) => ({ ...step, expected })) }, ...others];
		const values = async (of: PreparedVector[]) => {
			const { finds } = await search(lab({ a: stray }), of, options);
			return new Set(finds.map(({ symptom }) => symptom.evidence.retval));
		};
		expect(await values(vectors)).toEqual(new Set([31]));
		expect(await values(meant)).toEqual(new Set([77]));
	});

	it("finds packets larger than a frame, and output without room", async () => {
		const growing: Kernel = (packet) => ran("XDP_PASS", ihl(packet) === 15 ? 1519 : 1518);
		expect((await told({ a: growing })).finds[0]?.finding.reason?.code).toBe("explore-output-size");
		const bursting: Kernel = (packet) =>
			ihl(packet) === 15 ? { kind: "overflow", step: 0, bytes: 1200 } : ran();
		expect((await told({ a: bursting })).finds[0]?.finding.reason?.message).toContain(
			"1024 more than its input",
		);
	});

	it("finds what crashes a kernel, in few runs", async () => {
		const crashing: Kernel = (packet) =>
			ihl(packet) === 15
				? { kind: "crash", how: "warn", title: `WARNING: CPU: 0 PID: ${packet.length}` }
				: ran();
		const { finds } = await told({ a: good, b: crashing });
		expect(finds[0]).toMatchObject({
			kernel: "b",
			finding: { reason: { code: "explore-crash" }, evidence: { how: "warn" } },
		});
		expect(finds.length).toBeLessThanOrEqual(3);
	});

	it("reports a symptom at most three times, and at most twenty finds", async () => {
		const odd: Kernel = (packet) => ran(ihl(packet) > 5 ? "XDP_DROP" : "XDP_PASS");
		const { searched } = await told({ a: good, b: odd });
		expect(searched.finds.length).toBeLessThanOrEqual(3);
		expect(searched.similar).toBeGreaterThan(0);
		const chaotic: Kernel = (packet) =>
			ran(
				"XDP_PASS",
				60,
				ihl(packet) > 5 ? { [`maps/m.f${packet[packet.length - 1]}${packet.length}`]: 1 } : {},
			);
		const many = await told({ a: good, b: chaotic }, { mutants: 300 });
		expect(many.searched.finds.length).toBeLessThanOrEqual(20);
	});

	it("reports its progress every few seconds, also on a slow kernel", async () => {
		const progressOf = async (each: number) => {
			let time = 0;
			const slow = lab({ a: good });
			const observe = slow.observe.bind(slow);
			slow.observe = (kernel, given) => {
				time += each * given.length;
				return observe(kernel, given);
			};
			const said: number[] = [];
			const progress = (done: number) => said.push(done);
			await search(slow, vectors, { ...options, mutants: 2000, progress, clock: () => time });
			return said.map((done, index) => done - (said[index - 1] ?? 0));
		};
		expect((await progressOf(200)).slice(0, 4)).toEqual([100, 50, 50, 50]);
		expect((await progressOf(2000)).slice(0, 3)).toEqual([100, 25, 25]);
		expect(await progressOf(0.01)).toEqual([100, 400, 1000, 500]);
	});

	it("ends when it is interrupted", async () => {
		const signal = AbortSignal.abort(new Error("stop"));
		await expect(told({ a: good }, { signal })).rejects.toThrow("stop");
	});
});
