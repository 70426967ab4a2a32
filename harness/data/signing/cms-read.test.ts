// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from "vitest";
import { signDetached } from "./cms.js";
import { readCms, wrongSignature } from "./cms-read.js";
import { der, oid, readAll, tag } from "./der.js";
import { type Identity, issue } from "./issue.js";
import { flipped } from "./testflips.js";

const content = new TextEncoder().encode("what is signed\n");

describe.each(["rsa2048", "ecdsa"] as const)("a signature of %s", (type) => {
	let identity: Identity;
	let bare: Uint8Array;
	const sign = (options = {}) =>
		signDetached(content, { kind: "memory", pem: identity.privateKey }, identity.certificate, options);
	const wrong = (cms: Uint8Array) => wrongSignature(content, cms, identity.certificate);
	beforeAll(async () => {
		identity = await issue({ type });
		bare = await sign();
	});

	it("has no bit that can be changed", () => {
		expect(wrong(bare)).toBeUndefined();
		for (const { bit, changed } of flipped(bare)) expect(wrong(changed), `bit ${bit}`).toBeDefined();
	});

	it("has none in the certificate that it may carry, which is its signer's", async () => {
		const carrying = await sign({ certificates: true });
		expect(wrong(carrying)).toBeUndefined();
		for (const { bit, changed } of flipped(carrying)) expect(wrong(changed), `bit ${bit}`).toBeDefined();
	});

	it("cannot lose a byte, nor gain one anywhere", () => {
		for (let at = 0; at <= bare.length; at++) {
			if (at < bare.length)
				expect(wrong(Buffer.concat([bare.subarray(0, at), bare.subarray(at + 1)]))).toBeDefined();
			for (const byte of [0, 1, 5, bare[at] ?? 0xff])
				expect(
					wrong(Buffer.concat([bare.subarray(0, at), Uint8Array.of(byte), bare.subarray(at)])),
				).toBeDefined();
		}
	});
});

describe("a message", () => {
	let parts: Record<"version" | "digests" | "content" | "signers", Uint8Array>;
	let signer: Uint8Array[];
	let identity: Identity;
	const version = (n: number) => der(tag.integer, Uint8Array.of(n));
	const algorithm = (id: string, ...more: Uint8Array[]) => der(tag.sequence, oid(id), ...more);
	const sha256 = "2.16.840.1.101.3.4.2.1";
	const sha512 = "2.16.840.1.101.3.4.2.3";
	const ecdsa = "1.2.840.10045.4.3.2";
	beforeAll(async () => {
		identity = await issue({ type: "ecdsa" });
		const key = { kind: "memory", pem: identity.privateKey } as const;
		const cms = await signDetached(content, key, identity.certificate);
		const inner = (bytes: Uint8Array) => readAll(readAll(bytes)[0]!.content);
		const [, wrapped] = inner(cms);
		const [v, digests, encapsulated, signers] = inner(wrapped!.content);
		parts = {
			version: v!.bytes,
			digests: digests!.bytes,
			content: encapsulated!.bytes,
			signers: signers!.bytes,
		};
		signer = inner(signers!.content).map(({ bytes }) => bytes);
	});

	const message = (change: Partial<typeof parts> = {}, ...behind: Uint8Array[]) => {
		const fields = { ...parts, ...change };
		const signed = der(
			tag.sequence,
			...[fields.version, fields.digests, fields.content, fields.signers],
			...behind,
		);
		return der(tag.sequence, oid("1.2.840.113549.1.7.2"), der(tag.constructed(0), signed));
	};
	/** One with another field of its signer. */
	const signedBy = (change: Record<number, Uint8Array>, ...behind: Uint8Array[]) =>
		message({
			signers: der(tag.set, der(tag.sequence, ...signer.map((field, at) => change[at] ?? field), ...behind)),
		});
	const wrong = (cms: Uint8Array) => wrongSignature(content, cms, identity.certificate);

	it("is taken as it was made, and with NULL as the digest's parameters", () => {
		expect(wrong(message())).toBeUndefined();
		const withNull = algorithm(sha256, der(tag.null));
		expect(wrong(message({ digests: der(tag.set, withNull) }))).toBeUndefined();
		expect(wrong(signedBy({ 2: withNull }))).toBeUndefined();
	});

	it.each<[string, () => Uint8Array, string]>([
		["another version", () => message({ version: version(1) }), "version 1 of the message, expected 3"],
		[
			"another version of its signer",
			() => signedBy({ 0: version(1) }),
			"version 1 of its signer, expected 3",
		],
		[
			"another digest announced",
			() => message({ digests: der(tag.set, algorithm(sha512)) }),
			'announces the digests "sha512", but its signer used sha256',
		],
		[
			"two digests announced",
			() => message({ digests: der(tag.set, algorithm(sha256), algorithm(sha512)) }),
			'"sha256, sha512"',
		],
		["no digest announced", () => message({ digests: der(tag.set) }), 'announces the digests ""'],
		[
			"a digest with parameters",
			() => signedBy({ 2: algorithm(sha256, der(tag.octetString)) }),
			"has parameters of the algorithm",
		],
		[
			"content of another type",
			() => message({ content: der(tag.sequence, oid("1.2.840.113549.1.7.5")) }),
			"another type than id-data",
		],
		[
			"revocation lists",
			() => message({ signers: der(tag.constructed(1)) }, parts.signers),
			"revocation lists",
		],
		["bytes behind its signers", () => message({}, der(tag.null)), "bytes behind its signers"],
		[
			"two signers",
			() => message({ signers: der(tag.set, ...Array(2).fill(der(tag.sequence, ...signer))) }),
			"2 signers",
		],
		["no signer", () => message({ signers: der(tag.set) }), "0 signers"],
		[
			"attributes that are not signed",
			() => signedBy({}, der(tag.constructed(1))),
			"attributes that are not signed",
		],
		["another algorithm", () => signedBy({ 3: algorithm("1.2.840.10045.4.3.3") }), "1.2.840.10045.4.3.3"],
		["an algorithm's parameters", () => signedBy({ 3: algorithm(ecdsa, der(tag.null)) }), "parameters null"],
		[
			"an algorithm of RSA",
			() => signedBy({ 3: algorithm("1.2.840.113549.1.1.1", der(tag.null)) }),
			"does not fit the key (ec prime256v1) and sha256",
		],
	])("with %s is refused", (_, made, reason) => {
		expect(wrong(made())).toMatch(reason);
	});

	it("with bytes behind it is refused", () => {
		expect(() => readCms(Buffer.concat([message(), Uint8Array.of(0)]))).toThrow(
			"is not a CMS signature in DER",
		);
	});

	it("that carries another certificate than the signer's is refused", async () => {
		const other = await issue({ type: "ecdsa" });
		const carrying = (...certificates: Uint8Array[]) =>
			message({ signers: der(tag.constructed(0), ...certificates) }, parts.signers);
		const { der: own } = identity.certificate;
		expect(wrong(carrying(own))).toBeUndefined();
		expect(wrong(carrying(other.certificate.der))).toMatch("a certificate inside that is not its signer's");
		expect(wrong(carrying(own, own))).toMatch("more than once");
	});
});
