// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { openPackage } from "../package/package.js";
import { sampleFiles, temporaryFolder } from "../package/testpackage.js";
import { cosignFolder, readCosign } from "./cosign.js";
import { issue } from "./issue.js";
import { layoutFiles } from "./layout.js";
import { signaturesOf } from "./sign.js";
import { verifyPackage } from "./verify.js";
import { writeSignatures } from "./write.js";

const files = sampleFiles();
const object = "bpf/count.bpf.o";
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** As a registry has it for an artifact with the object as a layer. */
const manifest = JSON.stringify({
	schemaVersion: 2,
	mediaType: "application/vnd.oci.image.manifest.v1+json",
	config: { mediaType: "application/vnd.oci.empty.v1+json", digest: `sha256:${sha256("{}")}`, size: 2 },
	layers: [{ mediaType: "application/octet-stream", digest: `sha256:${sha256(files[object]!)}`, size: 1 }],
});

/** As cosign writes it: one line, keys in this order, no newline. */
function payloadOf(digest: string, type = "cosign container image signature"): string {
	return `{"critical":{"identity":{"docker-reference":"registry.example/count"},"image":{"docker-manifest-digest":"${digest}"},"type":"${type}"},"optional":null}`;
}

const payload = payloadOf(`sha256:${sha256(manifest)}`);
const ecdsa = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }) as string;
const signed = (text: string, key = ecdsa.privateKey) =>
	sign("sha256", Buffer.from(text), key).toString("base64");

async function packageWith(beside: Record<string, string>) {
	const named = Object.entries(beside).map(([name, text]) => [cosignFolder + name, text] as const);
	return temporaryFolder({ ...files, ...Object.fromEntries(named) });
}

async function verdictOf(beside: Record<string, string>) {
	await using folder = await packageWith(beside);
	return readCosign(await openPackage(folder.path));
}

const whole = {
	"a.json": payload,
	"a.sig": signed(payload),
	"cosign.pub": pem(ecdsa.publicKey),
	"a.manifest": manifest,
};

describe("a cosign signature", () => {
	it("by a key is valid, and its artifact holds the object", async () => {
		const spki = ecdsa.publicKey.export({ type: "spki", format: "der" });
		expect(await verdictOf(whole)).toEqual([
			{
				file: "signatures/cosign/a.json",
				files: ["a.json", "a.sig", "cosign.pub", "a.manifest"].map((name) => `signatures/cosign/${name}`),
				reference: "registry.example/count",
				digest: `sha256:${sha256(manifest)}`,
				key: sha256(spki),
				objects: [object],
			},
		]);
	});

	it("made by openssl, of a file that ends with a newline", async () => {
		await using folder = await temporaryFolder({ payload });
		const at = (name: string) => join(folder.path, name);
		const openssl = (...args: string[]) => execa("openssl", args, { cwd: folder.path });
		await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key");
		await openssl("ec", "-in", "key", "-pubout", "-out", "pub");
		await openssl("dgst", "-sha256", "-sign", "key", "-out", "der", "payload");
		const signature = `${(await readFile(at("der"))).toString("base64")}\n`;
		const [verdict] = await verdictOf({
			"a.json": payload,
			"a.sig": signature,
			"a.pub": await readFile(at("pub"), "utf8"),
		});
		expect(verdict).not.toHaveProperty("reason");
		// Without the manifest, what the digest covers is unknown.
		expect(verdict).not.toHaveProperty("objects");
	});

	it("by a certificate is valid, and says whose", async () => {
		const { certificate, privateKey } = await issue({ type: "ecdsa", subject: "builder" });
		const signature = sign("sha256", Buffer.from(payload), privateKey).toString("base64");
		const [verdict] = await verdictOf({
			"a.json": payload,
			"a.sig": signature,
			"a.pem": certificate.pem,
		});
		expect(verdict).toMatchObject({ certificate: "CN=builder" });
		expect(verdict).not.toHaveProperty("reason");
	});

	it("of an artifact that holds something else says so", async () => {
		const other = manifest.replace(sha256(files[object]!), sha256("other"));
		const text = payloadOf(`sha256:${sha256(other)}`);
		const [verdict] = await verdictOf({
			...whole,
			"a.json": text,
			"a.sig": signed(text),
			"a.manifest": other,
		});
		expect(verdict).toMatchObject({ objects: [] });
		expect(verdict).not.toHaveProperty("reason");
	});

	const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
	it.each<[string, Record<string, string>, string]>([
		["over another payload", { "a.json": `${payload} ` }, "the payload was changed"],
		["by another key", { "a.sig": signed(payload, stranger.privateKey) }, "another key made it"],
		["not in base64", { "a.sig": "?" }, "not in base64"],
		["over another manifest", { "a.manifest": `${manifest}\n` }, "is over another manifest than"],
		[
			"of a key that is not verified",
			{ "a.pub": pem(generateKeyPairSync("ed25519").publicKey) },
			"its key is ed25519",
		],
	])("%s is a problem", async (_, change, reason) => {
		await using folder = await packageWith({ ...whole, ...change });
		const { cosign, problems, verdict } = await verifyPackage(await openPackage(folder.path));
		expect(cosign[0]).toMatchObject({ reason: expect.stringContaining(reason) });
		expect(problems[0]).toBe(`signatures/cosign/a.json: ${cosign[0]!.reason}`);
		expect(verdict).toBe("invalid");
	});

	it.each<[string, Record<string, string>, string]>([
		["without a signature", { "a.json": payload }, "without its signature"],
		["without a key", { "a.json": payload, "a.sig": signed(payload) }, "comes without a key"],
		["with a private key", { ...whole, "cosign.pub": "PRIVATE KEY" }, "is not a public key"],
		[
			"with a key and something else",
			{ ...whole, "cosign.pub": `#!/bin/sh\n${whole["cosign.pub"]}` },
			"is not a public key in PEM form and nothing else",
		],
		["of another kind", { ...whole, "a.json": payloadOf(`sha256:${sha256("")}`, "x") }, "/critical/type"],
		["of no digest", { ...whole, "a.json": payloadOf("md5:00") }, "docker-manifest-digest"],
		["that is not JSON", { ...whole, "a.json": "{" }, "is not JSON"],
		["too large", { ...whole, "a.json": " ".repeat(1 << 21) }, "more than the 1048576 that are read"],
	])("%s is refused", async (_, beside, reason) => {
		await expect(verdictOf(beside)).rejects.toThrow(reason);
	});

	it("stays when a package is signed again, in a folder and in an archive", async () => {
		await using folder = await packageWith(whole);
		const { privateKey, certificate } = await issue({ type: "ecdsa" });
		const key = { kind: "memory" as const, pem: privateKey };
		const signatures = await signaturesOf(await openPackage(folder.path), key, certificate, {
			contracts: [],
		});
		await using elsewhere = await temporaryFolder();
		const archive = join(elsewhere.path, "p.tar");
		await execa("tar", ["-cf", archive, "-C", folder.path, "."]);
		await mkdir(join(elsewhere.path, "out"));
		const out = join(elsewhere.path, "out/p.tar");
		await writeFile(join(folder.path, "signatures/stale"), "");
		await writeSignatures(folder.path, layoutFiles(signatures));
		await writeSignatures(archive, layoutFiles(signatures), out);
		for (const path of [folder.path, out]) {
			const pkg = await openPackage(path);
			expect(pkg.signatures.map(({ file }) => file)).not.toContain("signatures/stale");
			const result = await verifyPackage(pkg, { trusted: [certificate] });
			expect(result).toMatchObject({ verdict: "valid", cosign: [{ objects: [object] }] });
		}
	});
});
