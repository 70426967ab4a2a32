// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { suiteOf } from "../../data/vectors/suite.js";
import type { Finding } from "../../lab/check.js";
import { rewriter, testbench } from "../../lab/subject/session/testsession.js";
import { vectorsRun } from "./vectors-check.js";

const outcomes = (findings: Map<string, Finding>) =>
	[...findings.values()].map(({ case: name, outcome }) => `${name}: ${outcome}`);
describe("vectors on 6.12", () => {
	let bench: Awaited<ReturnType<typeof testbench>>;
	beforeAll(async () => {
		bench = await testbench("6.12");
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	/** The messages of a case; empty when it passes. */
	async function mismatches(
		name: string,
		defines: string[],
		change?: (vectors: string) => string,
	): Promise<unknown> {
		const pkg = await rewriter(defines, change);
		expect(suiteOf(pkg).invalid.flatMap(({ errors }) => errors.map(({ message }) => message))).toEqual([]);
		const findings = await bench.check(pkg);
		const finding = findings.get(`rewriter/${name}`);
		if (finding?.outcome === "pass") return [];
		expect(finding).toMatchObject({ outcome: "fail", reason: { code: "vector-mismatch" } });
		return finding?.evidence.mismatches;
	}

	it("pass with a program that meets their expectations", async () => {
		const pkg = await rewriter();
		const findings = await bench.check(pkg);
		expect(outcomes(findings).sort()).toEqual(
			vectorsRun
				.cases(pkg)
				.map((name) => `${name}: pass`)
				.sort(),
		);
		expect(findings.size).toBe(10);
		expect(findings.get("rewriter/expires")?.evidence.actual).toEqual({
			retval: "XDP_DROP",
			packet: "unchanged",
			"maps/verdicts[EXPIRED]": 1,
			"maps/last_expiry[3325256705].source": 0xc6336401,
			"maps/last_expiry[3325256705].length": 28,
			"maps/last_expiry[3325256705].protocol": 17,
			"maps/last_expiry[3325256705].ttl": 1,
			"maps/.bss.packets_seen": 1,
			"events/expiries[0]": "c63364011c001101",
		});
	});

	/** Wrong programs, the vector that finds each, and its messages. */
	it.each([
		["MUTANT_VERDICTS_SWAPPED", "decrements-ttl", ["retval: expected XDP_PASS, got XDP_DROP"]],
		[
			"MUTANT_VERDICTS_SWAPPED",
			"session",
			[
				"packet 1: retval: expected XDP_PASS, got XDP_DROP",
				"packet 2: retval: expected XDP_DROP, got XDP_PASS",
			],
		],
		["MUTANT_CHECKSUM_NOT_UPDATED", "decrements-ttl", ["ipv4.check: expected 0x8f93, got 0x8e93"]],
		["MUTANT_CHECKSUM_NOT_UPDATED", "exact-packet", ["ipv4.check: expected 0x2dca, got 0x2cca"]],
		["MUTANT_COUNTER_OFF_BY_ONE", "decrements-ttl", ["map verdicts[FORWARDED]: expected +1, got +2"]],
		[
			"MUTANT_COUNTER_OFF_BY_ONE",
			"session",
			[
				"packet 1: map verdicts[FORWARDED]: expected +1, got +2",
				"packet 2: map verdicts[EXPIRED]: expected +1, got +2",
				"after all packets: map verdicts[FORWARDED]: expected 1, got 2",
				"after all packets: map verdicts[EXPIRED]: expected 2, got 4",
			],
		],
		[
			"MUTANT_PAYLOAD_MANGLED",
			"masked-packet",
			["payload: expected 010203 04 (4 bytes), got 010203 05 (4 bytes)"],
		],
		[
			"MUTANT_EVENT_WRONG",
			"expires",
			["map last_expiry[3325256705].ttl: expected 1, got 2", "event 1 of expiries.ttl: expected 1, got 2"],
		],
		["MUTANT_EVENT_MISSING", "expires", ["events of expiries: expected 1, got 0"]],
		[
			"MUTANT_EVENT_MISSING",
			"session",
			[
				"packet 3: events of expiries: expected 1, got 0",
				"after all packets: events of expiries: expected 2, got 0",
			],
		],
		["MUTANT_METADATA_WRONG", "metadata", ["metadata: expected cafef00d, got cafef00e"]],
		["MUTANT_CONTEXT_WRONG", "context", ["context.mark: expected 7, got 8"]],
	])("%s: %s", async (define, name, messages) => {
		expect(await mismatches(name, [define])).toEqual(messages);
	});

	it("find an unexpected length", async () => {
		expect(await mismatches("decrements-ttl", ["MUTANT_LENGTH_CHANGED"])).toContain(
			"length: expected +0, got -1",
		);
		expect(await mismatches("grows", ["MUTANT_LENGTH_CHANGED"])).toContain("length: expected +4, got +0");
	});

	/** Wrong expectations that a correct program does not meet. */
	it.each([
		[
			"expires",
			"packet: unchanged",
			"packet: { fields: [ { ipv4: { ttl: 2 } } ] }",
			/^ipv4.ttl: expected 2, got 1$/,
		],
		[
			"expires",
			"198.51.100.9: { ttl: 1 }\n",
			"198.51.100.9: null\n",
			/^map last_expiry\[\d+\]: expected no entry, got/,
		],
		[
			"expires",
			"            198.51.100.9: { ttl: 1 }\n",
			"",
			/^map last_expiry\[\d+\]: expected no entry, got/,
		],
		[
			"expires",
			"198.51.100.9: { ttl: 1 }",
			"198.51.100.8: { ttl: 1 }",
			/^map last_expiry\[\d+\]: expected an entry, got none$/,
		],
		[
			"expires",
			"length: 28, protocol: 17, ttl: 1 }\n            198",
			"length: 29 }\n            198",
			/length: expected 29, got 28$/,
		],
		[
			"decrements-ttl",
			'packets_seen: "+1"',
			'packets_seen: "+2"',
			/^map .bss.packets_seen: expected \+2, got \+1$/,
		],
		[
			"decrements-ttl",
			'verdicts: { FORWARDED: "+1", EXPIRED: "+0" }',
			"verdicts: unchanged",
			/^map verdicts\[FORWARDED\]: expected 0, got 1$/,
		],
		[
			"session",
			"verdicts: { exact: { FORWARDED: 1, EXPIRED: 2 } }",
			"verdicts: { exact: { FORWARDED: 1 } }",
			/^after all packets: map verdicts\[EXPIRED\]: expected zero/,
		],
		[
			"session",
			"events: { expiries: [] }",
			'events: { expiries: [ { hex: "00" } ] }',
			/^packet 1: events of expiries: expected 1, got 0$/,
		],
		["context", "cb: [41, 42]", "cb: [41, 43]", /^context.cb: expected \[41,43\], got \[41,42,0,0,0\]$/],
	])("%s with %j as %j", async (name, from, to, message) => {
		const found = await mismatches(name, [], (vectors) => {
			expect(vectors).toContain(from);
			return vectors.replace(from, to);
		});
		expect(found).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
	});

	it("reset the maps between vectors", async () => {
		const twice = (vectors: string) =>
			vectors +
			vectors
				.slice(vectors.indexOf("  - name: expires"))
				.replaceAll("- name: ", "- name: again-")
				.replaceAll("&expiring", "&again")
				.replaceAll("*expiring", "*again");
		const findings = await bench.check(await rewriter([], twice));
		expect(outcomes(findings).filter((line) => !line.endsWith(": pass"))).toEqual([]);
		expect(findings.size).toBe(17);
	});

	it("are not run when their file is invalid", async () => {
		const findings = await bench.check(
			await rewriter([], (vectors) => vectors.replace("ttl: 64", "ttl: 300")),
		);
		expect([...findings.values()]).toMatchObject([
			{
				case: "rewriter",
				outcome: "fail",
				reason: {
					code: "invalid-vectors",
					message: expect.stringMatching(
						/rewriter\.yaml:7: \/vectors\/0\/packet\/layers\/1\/ipv4\/ttl: 300 does not fit into 8 bits$/,
					),
				},
			},
		]);
	});
});

it("are skipped where the kernel cannot run them, and the reason names the feature", async () => {
	await using bench = await testbench("5.10");
	const findings = await bench.check(await rewriter());
	expect(outcomes(findings).filter((line) => !line.endsWith(": pass"))).toEqual(["rewriter/metadata: skip"]);
	expect(findings.get("rewriter/metadata")?.reason).toMatchObject({
		code: "feature-unsupported",
		message: expect.stringContaining("5.10 takes no context for XDP programs"),
	});
});
