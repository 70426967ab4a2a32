// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { signedExamples } from "../../../programs/signed.js";
import { openPackage } from "../../data/package/package.js";
import { readSignatures } from "../../data/signing/layout.js";
import { lintCases, lintFindings } from "./package-signatures.js";

const open = (name: string) =>
	openPackage(fileURLToPath(new URL(`../../../programs/${name}`, import.meta.url)));

test.each(signedExamples)(
	"the lint of $package has a finding for each case",
	async ({ package: name, lint }) => {
		const pkg = await open(name);
		const findings = [...lintFindings(pkg, readSignatures(pkg)!)];
		expect(findings.map((each) => each.case)).toEqual(lintCases(pkg));
		const failing = findings.filter(({ outcome }) => outcome === "fail");
		expect(failing.map(({ reason }) => reason?.code)).toEqual(
			lint.filter((code) => code !== "metadata-not-exclusive"),
		);
		for (const { reason } of failing) expect(reason?.message).toMatch(/^udp-quota\.bpf\.o, insns: /);
		const weak = findings.filter(({ outcome, evidence }) => outcome === "pass" && evidence.safe === false);
		expect(weak.map((each) => each.case)).toEqual(
			lint.includes("metadata-not-exclusive") ? ["lint/metadata-not-exclusive"] : [],
		);
	},
);

test("a package without signatures has no such cases", async () => {
	expect(lintCases(await open("xdp-filter"))).toEqual([]);
});
