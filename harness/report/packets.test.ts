// SPDX-License-Identifier: Apache-2.0
import { XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { documentOf } from "../base/testresults.js";
import { capturePaths } from "./captures.js";
import { html } from "./html.js";
import { markdown } from "./markdown.js";
import { differs, diffOf } from "./packets.js";
import { pretty } from "./pretty.js";
import { evident, failure, stepOf, udpPacket } from "./testpackets.js";

const medium = { width: 80, colour: false, unicode: true };
const right = stepOf(1, { expected: evident(udpPacket()), mismatches: [] });

describe("the packets of failures", () => {
	it("are shown side by side, of the first packet that differs", () => {
		const diff = diffOf(failure("v/x", { steps: [right, stepOf(2, { frame: 9 }), stepOf(3)] }), medium);
		expect(diff?.title).toBe("packet 2 (frame 9) on 6.12");
		expect(diff?.lines).toContain("*   ttl      63                               | 64");
		expect(diffOf(failure("v/x", { steps: [stepOf(1, { expected_from: "fields" })] }), medium)?.title).toBe(
			"the packet on 6.12; what is not expected of it is taken from the actual packet",
		);
	});

	it("are not where none differs, none was expected, or the case did not fail", () => {
		const { expected: _, ...without } = stepOf();
		for (const result of [
			failure("v/x", { steps: [right] }),
			failure("v/x", { steps: [without] }),
			failure("v/x", {}, { outcome: "pass" }),
		]) {
			expect(differs(result)).toBe(false);
			expect(diffOf(result, medium)).toBeUndefined();
		}
	});

	it("stand below the reason on a terminal, with the capture's name", () => {
		const text = pretty(documentOf([failure("v/x")]), medium, "out/captures");
		expect(text).toContain(
			[
				"✗ vectors/v/x on 6.12",
				"    ipv4.ttl: expected 63, got 64 [vector-mismatch]",
				"    → see v/x",
				"    packets: out/captures/router/6.12/v/x.pcapng",
				"    the packet on 6.12:",
				"                 expected                       | actual",
				"      eth        02:00:00:00:00:01 > 02:00:00:00:00:02",
				"    * ipv4       192.0.2.1 > 192.0.2.2",
				"        ⋮",
				"        frag_off 0                              | 0",
				"    *   ttl      63                             | 64",
				"        protocol udp                            | udp",
				"    *   check    0xf7c8                         | 0xf6c8",
				"        src      192.0.2.1                      | 192.0.2.1",
				"        ⋮",
				"      udp        49152 > 9",
				"      payload    5 bytes",
				"",
				"0 passed, 1 failed",
			].join("\n"),
		);
		for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
		expect(pretty(documentOf([failure("v/x")]), medium)).not.toContain("packets: ");
	});

	it("are shown of the first three failures; where the others are is said", () => {
		const many = ["a", "b", "c", "d", "e"].map((name) => failure(`v/${name}`));
		const text = pretty(documentOf(many), medium, "captures");
		expect(text.match(/the packet on 6\.12:/g)).toHaveLength(3);
		expect(text.match(/packets: captures/g)).toHaveLength(5);
		expect(text).toContain("2 more failures with differing packets: see captures\n");
		expect(pretty(documentOf(many.slice(1)), medium)).toContain(
			"1 more failure with differing packets: --captures <folder> writes them\n",
		);
		expect(pretty(documentOf(many.slice(2)), medium)).not.toContain("more failure");
	});

	it("are written of so many failures, which is said", () => {
		const many = documentOf(Array.from({ length: 1001 }, (_, index) => failure(`v/${index}`)));
		expect(capturePaths(many).size).toBe(1000);
		expect(pretty(many, medium, "out")).toContain(
			"998 more failures with differing packets: see out (of the first 1000 failures)\n",
		);
	});

	it("are in the page, with a link, and leave it well-formed", () => {
		const hostile = stepOf(1, {
			actual: evident(udpPacket({}, '<i>&"]]>')),
			expected: evident(udpPacket({}, "<b>")),
		});
		const page = html(documentOf([failure("v/x y", { steps: [hostile] }), failure("v/z")]), "captures");
		expect(page).toContain(
			'<a href="captures/router/6.12/v/x%20y.pcapng">captures/router/6.12/v/x y.pcapng</a>',
		);
		expect(page).toContain("&lt;i&gt;&amp;&quot;]]");
		expect(page).toContain("*   ttl      63");
		expect(page).not.toMatch(/<i>|<b>router.*<b>&/);
		expect(XMLValidator.validate(page.replace("<!doctype html>", ""), { unpairedTags: ["meta"] })).toBe(true);
		expect(html(documentOf([failure("v/x")]))).not.toContain('<a href="captures');
	});

	it("are a block of code in Markdown that nothing in them ends", () => {
		const fences = stepOf(1, {
			actual: evident(udpPacket({}, "````")),
			expected: evident(udpPacket({}, "aaaa")),
		});
		const text = markdown(documentOf([failure("v/x", { steps: [fences] }), failure("v/y")]));
		expect(text).toContain("`vectors/v/x` of `router`, the packet on 6.12:\n\n`````text\n");
		expect(text).toContain("\n`````\n");
		expect(text).toContain("\n```text\n");
	});
});
