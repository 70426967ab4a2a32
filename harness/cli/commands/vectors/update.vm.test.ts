// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { rewriter } from "../../../lab/subject/session/testsession.js";
import { changedLines, proposeOn } from "./testpropose.js";

describe("updated on 6.12", () => {
	it("vectors that pass stay unchanged", async () => {
		expect(await proposeOn("6.12", await rewriter(), { update: true })).toEqual({
			files: [],
			left: [],
			unstable: [],
			unproven: [],
		});
	});

	it("maps gain and lose entries, in the form of the file", async () => {
		const pkg = await rewriter([], (yaml) =>
			yaml
				.replace("            198.51.100.1: { source: 198.51.100.1, length: 28, protocol: 17, ttl: 1 }\n", "")
				.replace(
					"            198.51.100.9: { ttl: 1 }\n",
					"            198.51.100.9: null\n            7: { ttl: 1 } # none\n",
				)
				.replace('.bss: { packets_seen: "+1" }', ".bss: unchanged"),
		);
		const proposal = await proposeOn("6.12", pkg, { update: true });
		expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [] });
		const { before = "", after = "" } = proposal.files[0] ?? {};
		expect(changedLines(before, after)).toEqual([
			"- .bss: unchanged",
			'+ .bss: { packets_seen: "+1" }',
			"- 198.51.100.9: null",
			"- 7: { ttl: 1 } # none",
			"+ 198.51.100.9: { source: 198.51.100.9, length: 0, protocol: 0, ttl: 1 }",
			"+ 7: null # none",
			"+ 198.51.100.1: { source: 198.51.100.1, length: 28, protocol: 17, ttl: 1 }",
		]);
	});

	it("numbers change in place, and relative ones stay relative", async () => {
		const pkg = await rewriter(["MUTANT_COUNTER_OFF_BY_ONE"]);
		const proposal = await proposeOn("6.12", pkg, { update: true });
		expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [] });
		const { before = "", after = "" } = proposal.files[0] ?? {};
		expect(changedLines(before, after)).toEqual([
			'- verdicts: { FORWARDED: "+1", EXPIRED: "+0" }',
			'+ verdicts: { FORWARDED: "+2", EXPIRED: "+0" }',
			"- verdicts: { EXPIRED: 1 }",
			"+ verdicts: { EXPIRED: 2 }",
			'- maps_after: { verdicts: { FORWARDED: "+1" } }',
			'+ maps_after: { verdicts: { FORWARDED: "+2" } }',
			'- expect: { retval: XDP_DROP, maps_after: { verdicts: { FORWARDED: "+0", EXPIRED: "+1" } } }',
			'+ expect: { retval: XDP_DROP, maps_after: { verdicts: { FORWARDED: "+0", EXPIRED: "+2" } } }',
			"- maps_after: { .bss: { packets_seen: 3 }, verdicts: { exact: { FORWARDED: 1, EXPIRED: 2 } } }",
			"+ maps_after: { .bss: { packets_seen: 3 }, verdicts: { exact: { FORWARDED: 2, EXPIRED: 4 } } }",
		]);
	});

	it("packets, fields, masks, events, metadata and context keep their form", async () => {
		const pkg = await rewriter([
			"MUTANT_VERDICTS_SWAPPED",
			"MUTANT_PAYLOAD_MANGLED",
			"MUTANT_EVENT_WRONG",
			"MUTANT_METADATA_WRONG",
			"MUTANT_CONTEXT_WRONG",
		]);
		const proposal = await proposeOn("6.12", pkg, { update: true });
		expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [] });
		const { before = "", after = "" } = proposal.files[0] ?? {};
		expect(changedLines(before, after)).toEqual([
			"- retval: XDP_PASS",
			"+ retval: XDP_DROP",
			"- - udp: { dport: 4000 }",
			"- - payload: { text: payload }",
			'+ - udp: { dport: 4000, check: "0x86c8" }',
			"+ - payload: 7061796d6f6164",
			'- packet: { layers: [ { eth: {} }, { ipv4: { ttl: 9 } }, { udp: {} }, { payload: "01020304" } ] }',
			'+ packet: { layers: [ { eth: {} }, { ipv4: { ttl: 9 } }, { udp: { check: "0xb7c2" } }, { payload: "01020305" } ] }',
			'- layers: [ { eth: {} }, { ipv4: { ttl: 77 } }, { udp: {} }, { payload: "01020304" } ]',
			'+ layers: [ { eth: {} }, { ipv4: { ttl: 9 } }, { udp: { check: "0xb7c2" } }, { payload: "01020305" } ]',
			"- retval: XDP_DROP",
			"+ retval: XDP_PASS",
			"- 198.51.100.1: { source: 198.51.100.1, length: 28, protocol: 17, ttl: 1 }",
			"+ 198.51.100.1: { source: 198.51.100.1, length: 28, protocol: 17, ttl: 2 }",
			"- - { type: struct expiry, value: { source: 198.51.100.1, length: 28, protocol: 17, ttl: 1 } }",
			"+ - { type: struct expiry, value: { source: 198.51.100.1, length: 28, protocol: 17, ttl: 2 } }",
			"- retval: XDP_PASS",
			"- packet: { fields: [ { ipv4: { ttl: 1 } }, { udp: {} }, { payload: { length: 4 } } ] }",
			"+ retval: XDP_DROP",
			'+ packet: { fields: [ { ipv4: { ttl: 1 } }, { udp: { check: "0xbbc8" } }, { payload: "00000001" } ] }',
			'- expect: { retval: XDP_DROP, maps_after: { verdicts: { FORWARDED: "+0", EXPIRED: "+1" } } }',
			'+ expect: { retval: XDP_PASS, maps_after: { verdicts: { FORWARDED: "+0", EXPIRED: "+1" } } }',
			'- expect: { events: { expiries: [ { hex: "c6336401 1c00 11 01" } ] } }',
			"+ expect: { events: { expiries: [ { hex: c63364011c001102 } ] } }",
			'- - { hex: "c6336401 1c00 11 01" }',
			'- - { hex: "c6336401 ffff 11 01", mask: "ffffffff 0000" }',
			"+ - { hex: c63364011c001102 }",
			'+ - { hex: c63364011c001102, mask: "ffffffff 0000" }',
			"- expect: { retval: XDP_PASS, packet: unchanged, metadata: cafef00d }",
			"+ expect: { retval: XDP_PASS, packet: unchanged, metadata: cafef00e }",
			"- expect: { retval: TC_ACT_OK, context: { mark: 7, priority: 3, cb: [41, 42] } }",
			"+ expect: { retval: TC_ACT_OK, context: { mark: 8, priority: 3, cb: [41, 42] } }",
		]);
		expect(after).toContain("# neither ttl (byte 22) nor check (24 and 25)\n");
	});

	it("a missing event leaves an empty list, and a length keeps its sign", async () => {
		const missing = await proposeOn("6.12", await rewriter(["MUTANT_EVENT_MISSING"]), {
			update: true,
			vector: "rewriter/expires",
		});
		expect(changedLines(missing.files[0]?.before ?? "", missing.files[0]?.after ?? "")).toEqual([
			"- expiries:",
			"- - { type: struct expiry, value: { source: 198.51.100.1, length: 28, protocol: 17, ttl: 1 } }",
			"+ expiries: []",
		]);
		const shorter = await proposeOn("6.12", await rewriter(["MUTANT_LENGTH_CHANGED"]), {
			update: true,
			vector: "rewriter/grows",
		});
		expect(changedLines(shorter.files[0]?.before ?? "", shorter.files[0]?.after ?? "")).toEqual([
			'- length: "+4"',
			'- packet: { layers: [ { eth: {} }, { ipv4: { trailer: "00000000" } }, { udp: {} } ] }',
			'+ length: "+0"',
			"+ packet: unchanged",
		]);
	});
});
