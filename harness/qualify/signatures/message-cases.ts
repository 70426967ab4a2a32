// SPDX-License-Identifier: Apache-2.0
import { signature } from "../../checks/signature/ephemeral-signers.js";
import { always, byCover, loads, loadsUnsafely, refused } from "../../checks/signature/expectation.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { signedBytes } from "../../data/signing/layout.js";

/** The CMS message: its bytes, its size and its form. */
export const messageCases: readonly SignatureCase[] = [
	{
		name: "truncated-signature",
		promise: "a truncated signature is refused",
		expected: always(refused("load", "EBADMSG")),
		run: async (session) => session.load({ signature: (await whole(session.loader)).slice(0, -20) }),
	},
	{
		name: "junk-signature",
		promise: "bytes that are not a signature are refused",
		expected: always(refused("load", "EBADMSG")),
		run: (session) => session.load({ signature: new Uint8Array(256).fill(0x42) }),
	},
	{
		name: "refusal-logged",
		promise: "the verifier log names the signature as the reason of a refusal",
		expected: always(refused("load", "EBADMSG")),
		// The verifier checks the signature, and logs it, since signatures cover maps.
		run: async (session) => {
			const observed = await session.load({ signature: new Uint8Array(256).fill(0x42) });
			if (session.contract !== "insns-maps" || observed.log?.includes("signature")) return observed;
			return { ...observed, wrong: "a verifier log that does not mention the signature" };
		},
	},
	{
		name: "flipped-signature",
		promise: "a signature with one flipped bit is refused",
		expected: always(refused("load", "EKEYREJECTED")),
		run: async (session) => {
			const flipped = Uint8Array.from(await whole(session.loader));
			flipped[flipped.length - 5]! ^= 1;
			return session.load({ signature: flipped });
		},
	},
	{
		name: "oversized-signature",
		promise: "a signature of 64 MiB is refused",
		expected: always(refused("load", "EINVAL")),
		run: (session) => session.load({ signatureSize: 64 << 20 }),
	},
	{
		name: "zero-sized-signature",
		promise: "a signature of size zero is refused",
		// Kernels that do not sign maps try to parse a message of no bytes.
		expected: byCover([refused("load", "EBADMSG", "EINVAL")], [refused("load", "EINVAL")]),
		run: (session) => session.load({ signatureSize: 0 }),
	},
	{
		name: "trailing-bytes",
		promise: "bytes after the signature are ignored or refused",
		expected: always(loads, refused("load", "EBADMSG")),
		run: async (session) =>
			session.load({ signature: Buffer.concat([await whole(session.loader), new Uint8Array(8)]) }),
	},
	{
		name: "signature-of-another-program",
		promise: "the signature of another program is refused",
		expected: always(refused("load", "EKEYREJECTED")),
		run: async (session) =>
			session.load({
				signature: await signature(Buffer.concat([signedBytes(session.loader), new Uint8Array(8)])),
			}),
	},
	{
		name: "attached-content",
		promise: "a signature over content of its own is refused",
		// The kernel never verifies content inside the message.
		expected: always(refused("load", "EBADMSG")),
		run: async (session) =>
			session.load({
				signature: await signature(Buffer.from("other content"), "trusted", { attached: true }),
			}),
	},
	{
		name: "signed-attributes",
		promise: "a signature over signed attributes is accepted or refused",
		expected: always(loads, refused("load", "EKEYREJECTED")),
		run: (session) => session.load({ options: { attributes: true } }),
	},
	{
		name: "with-certificates",
		promise: "a signature that carries its certificate is accepted",
		expected: always(loads),
		run: (session) => session.load({ options: { certificates: true } }),
	},
	{
		name: "with-certificates-untrusted",
		promise: "a certificate that the signature carries is not trusted for that",
		expected: always(refused("load", "ENOKEY")),
		run: (session) => session.load({ signer: "untrusted", options: { certificates: true } }),
	},
	{
		name: "issuer-and-serial",
		promise: "a signer named by issuer and serial number is found",
		expected: always(loads),
		run: (session) => session.load({ options: { issuerAndSerial: true } }),
	},
	{
		name: "weak-digest-md5",
		promise: "a signature with MD5 is refused",
		expected: always(refused("load", "ENOPKG")),
		run: (session) => session.load({ options: { digest: "md5" } }),
	},
	{
		name: "weak-digest-sha1",
		promise: "a signature with SHA-1 is accepted or refused",
		expected: always(
			loadsUnsafely(
				"signatures with SHA-1 are accepted, although two programs with the same digest can be made",
			),
			refused("load", "ENOPKG"),
		),
		run: (session) => session.load({ options: { digest: "sha1" } }),
	},
	{
		name: "digest-sha512",
		promise: "a signature with SHA-512 is accepted or refused",
		expected: always(loads, refused("load", "ENOPKG")),
		run: (session) => session.load({ options: { digest: "sha512" } }),
	},
];

const whole = (loader: Parameters<typeof signedBytes>[0]) => signature(signedBytes(loader));
