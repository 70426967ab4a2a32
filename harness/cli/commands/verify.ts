// SPDX-License-Identifier: Apache-2.0

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError, unreadable } from "../../base/errors.js";
import { printable, printableJson } from "../../base/printable.js";
import { openPackage } from "../../data/package/package.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { type Certificate, readCertificate } from "../../data/signing/certificate.js";
import type { Contract } from "../../data/signing/contract.js";
import type { CosignVerdict } from "../../data/signing/cosign.js";
import { clause } from "../../data/signing/lint/finding.js";
import { type ContractVerdict, type Verification, verifyPackage } from "../../data/signing/verify.js";
import type { Action } from "../terminal/command-table.js";
import { certificateAt, readSmallFile } from "../terminal/read.js";

/** `bpfgate verify`: whether the signatures of a package hold, and who made them. */
export const run: Action<"verify"> = async ([path], { certificate, trust, json }, { write }) => {
	const trusted =
		certificate !== undefined
			? [await certificateAt(certificate)]
			: trust === undefined
				? undefined
				: await certificatesIn(trust);
	const result = await verifyPackage(await openPackage(String(path)), trusted ? { trusted } : {});
	write(json ? `${printableJson(result)}\n` : text(result));
	if (result.verdict === "invalid") process.exitCode = result.files?.intact === false ? 2 : 1;
	if (result.verdict === "undecided") throw undecided("no-trusted-certificate", { path: String(path) });
};

async function certificatesIn(folder: string): Promise<Certificate[]> {
	const names = await readdir(folder).catch((cause) => {
		throw unreadable(folder, cause);
	});
	const wanted = names.filter((name) => /\.(pem|crt|cer|der)$/.test(name)).sort();
	const found: Certificate[] = [];
	for (const path of wanted.map((name) => join(folder, name))) {
		const bytes = await readSmallFile(path);
		// The folder of `keygen` has the key beside the certificate.
		const other = /-----BEGIN (?!CERTIFICATE)/.test(Buffer.from(bytes).toString("latin1"));
		if (!other) found.push(readCertificate(path, bytes));
	}
	if (found.length === 0) throw new InputError(folder, "", "holds no certificate (.pem, .crt, .cer, .der)");
	return found;
}

/** The kernels that a contract counts on. */
const kernels: Record<Contract, string> = {
	insns: "6.18 to 7.0",
	"insns-excl": "7.1 and 7.2",
	"insns-maps": "7.3 on",
};

function text(verification: Verification): string {
	const { package: own, signer, files, objects, cosign, problems, verdict } = verification;
	const lines: string[] = [];
	if (signer) {
		lines.push(
			`${own.name} ${own.version}: signed by ${signer.subject}`,
			`  key          ${signer.keyId} (${signer.key})`,
			`  certificate  ${signer.validFrom} to ${signer.validTo}`,
			`  files        ${files?.intact ? "all " : ""}${files?.covered} as they were signed${files?.intact ? "" : ", and others (below)"}`,
		);
		for (const { object, contracts } of objects) {
			lines.push(`  ${object}`);
			for (const verdict of contracts)
				lines.push(`    ${verdict.contract.padEnd(12)}${outcome(verdict, contracts)}`);
		}
	}
	for (const signature of cosign) if (signature.reason === undefined) lines.push(...ofArtifact(signature));
	for (const { object, contracts } of objects)
		for (const { contract, uncompared, weaknesses = [] } of contracts) {
			if (uncompared !== undefined) lines.push(`warning: ${object}: ${contract}: ${uncompared}`);
			for (const weakness of weaknesses)
				if (weakness.severity === "warning")
					lines.push(`warning: ${object}: ${contract}: ${clause(weakness)}`);
		}
	lines.push(...problems.map((problem) => `problem: ${problem}`));
	if (verdict === "valid") lines.push("valid");
	return `${lines.map(printable).join("\n")}\n`;
}

/** @param all of the same object */
function outcome({ contract, state }: ContractVerdict, all: readonly ContractVerdict[]): string {
	const where = `kernels ${kernels[contract]}`;
	if (state === "valid") return `signed, for ${where}`;
	const older = all.find((other) => other.contract === "insns" && other.state === "valid");
	if (state === "absent" && contract === "insns-excl" && older)
		return `not signed: ${where} take the loader of ${older.contract}, which protects less`;
	return state === "absent" ? `not signed: ${where} load it only unsigned` : `invalid for ${where}`;
}

function ofArtifact({ file, reference, digest, key, certificate, objects }: CosignVerdict): string[] {
	const by =
		certificate === undefined
			? `by the key with SHA-256 ${key}`
			: `by the certificate of ${certificate}; its issuer was not checked`;
	const what =
		objects === undefined
			? "without the manifest of that digest it cannot be compared with this package"
			: objects.length > 0
				? `its layers hold ${objects.join(", ")}`
				: "its layers hold no object of this package";
	return [
		`  ${file}`,
		`    cosign      a signature ${by}`,
		`    artifact    ${reference === "" ? digest : `${reference}@${digest}`}: ${what}`,
	];
}
