// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { expect, it } from "vitest";
import { openPackage } from "../../../data/package/package.js";
import { readSignatures } from "../../../data/signing/layout.js";
import type { Finding } from "../../../lab/check.js";
import { sabotaged, withGatekeeperBench } from "../../../qualify/gatekeepers/testgatekeepers.js";
import { type AdmissionOptions, admissionCases, admissionFindings } from "./admission-cases.js";

const programs = join(import.meta.dirname, "../../../../programs");

async function found(
	kernel: string,
	{ lacks, ...options }: AdmissionOptions & { lacks?: string },
): Promise<Map<string, Finding>> {
	const pkg = await openPackage(join(programs, "signed-bpftool"));
	return withGatekeeperBench(kernel, lacks === undefined ? {} : { lacks }, async (bench) => {
		const findings = new Map<string, Finding>();
		for await (const finding of admissionFindings(pkg, bench, readSignatures(pkg), options))
			findings.set(finding.case, finding);
		return findings;
	});
}

it("every gatekeeper admits a package signed for the kernel's contract", async () => {
	const findings = await found("7.3", {});
	expect([...findings.keys()].sort()).toEqual(admissionCases().sort());
	const reasons = [...findings.values()].filter(({ outcome }) => outcome !== "pass");
	expect(reasons).toEqual([]);
	expect(findings.get("gatekeeper/signature-hardened/admits-package")?.evidence).toMatchObject({
		verified_loads: 1,
		loads_by_loaders: 2,
	});
});

it("a package that is not signed for the kernel's contract cannot be tried with `signature`", async () => {
	const findings = await found("6.18", { which: ["signature", "deny"] });
	expect(findings.get("gatekeeper/signature/admits-package")).toMatchObject({
		outcome: "skip",
		reason: { code: "not-applicable" },
	});
	expect(findings.get("gatekeeper/deny/admits-package")?.outcome).toBe("pass");
});

it("a gatekeeper that does not admit the package fails", async () => {
	const text = "is_listed(decision->keyring_serial)";
	await using copy = await sabotaged("x86_64", "gatekeeper-signature.bpf.c", text, "is_listed(0)");
	const findings = await found("7.3", { which: ["signature"], folder: copy.folder });
	expect([...findings.values()]).toMatchObject([
		{
			outcome: "fail",
			reason: { code: "gatekeeper-fails", message: expect.stringContaining("does not admit the package") },
		},
	]);
});

it("a kernel without signatures, or without what a gatekeeper needs, skips it", async () => {
	const lacks = "kfunc:bpf_get_fsverity_digest";
	const findings = await found("6.12", { which: ["signature", "loader"], lacks });
	expect([...findings.values()].map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
		["skip", "no-signatures"],
		["skip", "feature-unsupported"],
	]);
});
