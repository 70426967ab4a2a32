// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execaSync } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readCertificate } from "./certificate.js";
import { type SignOptions, signDetached } from "./cms.js";
import { readCms, wrongSignature } from "./cms-read.js";
import { type Identity, issue } from "./issue.js";
import { openKey } from "./key.js";
import { openssl } from "./openssl.js";

const content = new TextEncoder().encode("what is signed\n");
const identities = new Map<string, Identity>();
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-cms-"));
	for (const type of ["rsa2048", "ecdsa", "ecdsa384", "ed25519"] as const)
		identities.set(type, await issue({ type, subject: `signer ${type}` }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Whether a file descriptor of this process is one of that file. */
function opens(fd: string, path: string): boolean {
	try {
		return readlinkSync(`/proc/self/fd/${fd}`) === path;
	} catch {
		return false;
	}
}

function sign(type: string, options?: SignOptions): Promise<Uint8Array> {
	const { privateKey, certificate } = identities.get(type)!;
	return signDetached(content, { kind: "memory", pem: privateKey }, certificate, options);
}

describe("a signature", () => {
	it.each(["rsa2048", "ecdsa", "ecdsa384"])("of %s is one to openssl and to bpfgate", async (type) => {
		const { certificate } = identities.get(type)!;
		const cms = await sign(type);
		expect(readCms(cms)).toMatchObject({
			digest: "sha256",
			keyId: certificate.keyId,
			attached: false,
			attributes: false,
			certificates: [],
		});
		expect(wrongSignature(content, cms, certificate)).toBeUndefined();
		expect(wrongSignature(content.subarray(1), cms, certificate)).toMatch("does not match");

		const at = (name: string, bytes: Uint8Array | string) => {
			writeFileSync(join(folder, name), bytes);
			return join(folder, name);
		};
		const verified = execaSync(
			"openssl",
			[
				...["cms", "-verify", "-binary", "-inform", "DER", "-in", at("cms", cms)],
				...["-content", at("content", content), "-certfile", at("cert.pem", certificate.pem)],
				...["-nointern", "-noverify", "-out", "/dev/null"],
			],
			{ reject: false },
		);
		expect(verified.stderr).toMatch("Verification successful");
	});

	it("of RSA has the bytes that openssl makes", async () => {
		expect(await sign("rsa2048")).toEqual(await sign("rsa2048", { digest: "sha256" }));
	});

	it("of Ed25519 is refused, as openssl does not sign with it without attributes", async () => {
		await expect(sign("ed25519")).rejects.toThrow("kernels take CMS signatures of RSA and ECDSA keys");
		await expect(sign("ed25519", { digest: "sha256" })).rejects.toThrow("use RSA or ECDSA");
	});

	it.each<[SignOptions, object, string]>([
		[{ digest: "sha1" }, { digest: "sha1" }, "made with sha1"],
		[{ digest: "md5" }, { digest: "md5" }, "made with md5"],
		[{ attached: true }, { attached: true }, "content inside"],
		[{ attributes: true }, { attributes: true }, "over attributes"],
		[{ certificates: true }, { certificates: [expect.any(Uint8Array)] }, ""],
		[{ issuerAndSerial: true }, { keyId: undefined }, "subject key identifier"],
	])("made with %j is recognised", async (options, read, reason) => {
		const cms = await sign("rsa2048", options);
		const { keyId, ...others } = readCms(cms);
		expect({ keyId, ...others }).toMatchObject(read);
		const wrong = wrongSignature(content, cms, identities.get("rsa2048")!.certificate);
		if (reason === "") expect(wrong).toBeUndefined();
		else expect(wrong).toMatch(reason);
	});

	it("of another key, or none at all, is not this one's", async () => {
		const { certificate } = identities.get("ecdsa")!;
		expect(wrongSignature(content, await sign("rsa2048"), certificate)).toMatch("is by key");
		for (const junk of [new Uint8Array(), new Uint8Array(300).fill(0x30), content])
			expect(wrongSignature(content, junk, certificate)).toMatch("is not a CMS signature");
		const cms = await sign("ecdsa");
		expect(wrongSignature(content, cms.subarray(0, cms.length - 8), certificate)).toMatch("is not a CMS");
	});
});

it("what openssl says is taken to the last byte, a newline too", async () => {
	const { stdout } = await openssl(["enc", "-base64"], content);
	expect(stdout.at(-1)).toBe(10);
});

describe("a key", () => {
	it("that is not the certificate's does not sign, and says nothing of itself", async () => {
		const { privateKey } = await issue({ type: "rsa2048" });
		const { certificate } = identities.get("rsa2048")!;
		const attempt = signDetached(content, { kind: "memory", pem: privateKey }, certificate);
		await expect(attempt).rejects.toThrow("the key: does not belong to the certificate of CN=signer rsa2048");
		const other = signDetached(
			content,
			{ kind: "memory", pem: identities.get("ecdsa")!.privateKey },
			certificate,
		);
		await expect(other).rejects.toThrow("does not belong");
		const byOpenssl = signDetached(content, { kind: "memory", pem: privateKey }, certificate, {
			digest: "sha256",
		});
		await expect(byOpenssl).rejects.toThrow(
			"the key: does not belong to the certificate of CN=signer rsa2048",
		);
	});

	it("in an encrypted file needs its passphrase", async () => {
		const { privateKey, certificate } = identities.get("ecdsa")!;
		const path = join(folder, "encrypted.pem");
		execaSync("openssl", ["pkcs8", "-topk8", "-passout", "pass:secret", "-out", path], { input: privateKey });
		await expect(openKey(path)).rejects.toThrow("is encrypted; give its passphrase");
		await expect(openKey(path, "wrong")).rejects.toThrow("the passphrase does not open it");
		const key = await openKey(path, "secret");
		expect(
			wrongSignature(content, await signDetached(content, key, certificate), certificate),
		).toBeUndefined();
	});

	it("or a certificate or signature that is too large is not read", async () => {
		const path = join(folder, "large");
		writeFileSync(path, `-----BEGIN PRIVATE KEY-----\n${"A".repeat(64 * 1024)}`);
		await expect(openKey(path)).rejects.toThrow("has more than 65536 bytes, too many for a private key");
		const { certificate } = identities.get("ecdsa")!;
		const pem = Buffer.from(`${certificate.pem}${" ".repeat(64 * 1024)}`);
		expect(() => readCertificate("c.pem", pem)).toThrow(/c.pem: has \d+ bytes, more than the 65536 of/);
		expect(() => readCms(new Uint8Array(1024 * 1024 + 1))).toThrow("more than the 1048576 that are read");
		expect(wrongSignature(content, new Uint8Array(1024 * 1024 + 1), certificate)).toMatch(
			/^the signature has/,
		);
	});

	it("can come through a pipe, however late, and is waited for no longer than there is a writer", async () => {
		const { privateKey, certificate } = identities.get("ecdsa")!;
		const path = join(folder, "pipe");
		execaSync("mkfifo", [path]);
		await expect(openKey(path)).rejects.toThrow("is not a private key in PEM form");
		// Opened for reading and writing, so that it does not wait for the reader.
		const writer = await open(path, "r+");
		const opened = openKey(path);
		// Data in a pipe without a reader is lost when the writer exits.
		const ends = () => readdirSync("/proc/self/fd").filter((fd) => opens(fd, realpathSync(path))).length;
		await expect.poll(ends).toBe(2);
		await writer.writeFile(privateKey.slice(0, 30));
		await setTimeout(50);
		await writer.writeFile(privateKey.slice(30));
		await writer.close();
		const cms = await signDetached(content, await opened, certificate);
		expect(wrongSignature(content, cms, certificate)).toBeUndefined();
		await expect(openKey("/dev/zero")).rejects.toThrow("/dev/zero: has more than 65536 bytes");
	});

	it("that is invalid is refused", async () => {
		const path = join(folder, "no-key");
		writeFileSync(path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
		await expect(openKey(path)).rejects.toThrow("is not a private key that openssl reads");
		writeFileSync(path, "hello");
		await expect(openKey(path)).rejects.toThrow("is not a private key in PEM form");
		await expect(openKey(join(folder, "absent"))).rejects.toThrow("cannot be read: no such file");
	});

	it("in memory leaves no file behind", async () => {
		// One of its own: other tests make and remove theirs in the common one at the same time.
		const temporary = mkdtempSync(join(folder, "temporary-"));
		vi.stubEnv("TMPDIR", temporary);
		try {
			await sign("rsa2048");
			await sign("rsa2048", { digest: "sha256" });
		} finally {
			vi.unstubAllEnvs();
		}
		expect(readdirSync(temporary)).toEqual([]);
	});
});
