// SPDX-License-Identifier: Apache-2.0
import "reflect-metadata";
import { KeyUsageFlags } from "@peculiar/x509";
import { execaSync } from "execa";
import { expect, it } from "vitest";
import { readCertificate } from "../certificate.js";
import { type IssueOptions, issue } from "../issue.js";
import { lintCertificate } from "./certificate.js";

const now = Date.UTC(2030, 0, 1);
const day = 24 * 60 * 60 * 1000;
const at = (days: number) => new Date(now + days * day);

async function codes(options: IssueOptions): Promise<string[]> {
	const { certificate } = await issue({ type: "ecdsa", validFrom: at(-10), validTo: at(10), ...options });
	return lintCertificate(certificate, now).map(({ code }) => code);
}

it("finds nothing in a certificate for signing", async () => {
	expect(await codes({})).toEqual([]);
	expect(await codes({ type: "rsa2048" })).toEqual([]);
});

it("finds dates that are not now", async () => {
	expect(await codes({ validTo: at(-1) })).toEqual(["certificate-expired"]);
	expect(await codes({ validFrom: at(1) })).toEqual(["certificate-not-yet-valid"]);
});

it("finds a certificate that is for something else", async () => {
	expect(await codes({ keyUsage: KeyUsageFlags.keyCertSign })).toEqual(["certificate-usage"]);
	expect(await codes({ keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign })).toEqual([]);
});

/** With a key of RSA that openssl makes, as `issue` makes none that is weak; the key is thrown away with the process. */
function ofRsa(bits: number) {
	const args = [
		"req",
		"-x509",
		"-newkey",
		`rsa:${bits}`,
		"-nodes",
		"-keyout",
		"/dev/null",
		"-subj",
		"/CN=weak",
	];
	const { stdout } = execaSync("openssl", [...args, "-days", "1", "-addext", "keyUsage=digitalSignature"]);
	return readCertificate("certificate", Buffer.from(stdout));
}

it("finds keys that are too short", () => {
	const found = (bits: number) => lintCertificate(ofRsa(bits), Date.now()).map(({ code }) => code);
	expect(found(1024)).toEqual(["weak-key"]);
	expect(found(2048)).toEqual([]);
});
