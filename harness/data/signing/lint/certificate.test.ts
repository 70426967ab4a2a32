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

/**
 * With a key that openssl makes, as `issue` makes none that is unfit; the key is thrown away with
 * the process.
 */
function ofKey(...kind: string[]) {
	const args = ["req", "-x509", "-newkey", ...kind, "-nodes", "-keyout", "/dev/null", "-subj", "/CN=weak"];
	const { stdout } = execaSync("openssl", [...args, "-days", "1", "-addext", "keyUsage=digitalSignature"]);
	return readCertificate("certificate", Buffer.from(stdout));
}

const onCurve = (name: string) => ["ec", "-pkeyopt", `ec_paramgen_curve:${name}`];

it.each([
	["weak-key", ["rsa:1024"], "rsa 1024, which can be broken"],
	["weak-key", onCurve("prime192v1"), "ec prime192v1, which can be broken"],
	["key-unsupported", ["rsa:2056"], "rsa 2056, which no kernel accepts"],
	["key-unsupported", onCurve("secp256k1"), "ec secp256k1, which no kernel accepts"],
	["key-unsupported", onCurve("secp224r1"), "ec secp224r1, which no kernel accepts"],
	["key-unsupported", ["ed25519"], "ed25519, which no kernel accepts"],
])("finds %s of a key that is no good: %s", (code, kind, told) => {
	const [finding, ...others] = lintCertificate(ofKey(...kind), Date.now());
	expect(others).toEqual([]);
	expect(finding).toMatchObject({ code, severity: "error", sentence: `The key of CN=weak is ${told}.` });
});

it.each([["rsa:2048"], onCurve("prime256v1"), onCurve("secp384r1"), onCurve("secp521r1")])(
	"finds nothing in a key that is good: %s %s %s",
	(...kind) => {
		expect(lintCertificate(ofKey(...kind), Date.now())).toEqual([]);
	},
);
