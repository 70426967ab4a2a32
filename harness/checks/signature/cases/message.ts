// SPDX-License-Identifier: Apache-2.0

import { signedBytes } from "../../../data/signing/layout.js";
import { always, byCover, letLoad, loads, refused } from "../promise.js";
import { signature } from "../throwaway.js";
import type { SignatureCase } from "./case.js";

const notEnforced = "signature-not-enforced";

/** The message that is the signature: its bytes, its size and its form. */
export const messageCases: SignatureCase[] = [
	{
		name: "truncated-signature",
		promises: always(refused("load", "EBADMSG")),
		code: notEnforced,
		run: async (scene) => scene.load({ signature: (await whole(scene.loader)).slice(0, -20) }),
	},
	{
		name: "junk-signature",
		promises: always(refused("load", "EBADMSG")),
		code: notEnforced,
		run: (scene) => scene.load({ signature: new Uint8Array(256).fill(0x42) }),
	},
	{
		name: "refusal-logged",
		promises: always(refused("load", "EBADMSG")),
		// Signatures came into the verifier, and so into its log, when they took in maps.
		run: async (scene) => {
			const observed = await scene.install({ signature: new Uint8Array(256).fill(0x42) });
			const told = observed.log?.includes("signature") ?? false;
			return scene.contract !== "insns-maps" || told
				? observed
				: { ...observed, wrong: "the verifier's log does not say that the signature is why it was refused" };
		},
	},
	{
		name: "flipped-signature",
		promises: always(refused("load", "EKEYREJECTED")),
		code: notEnforced,
		run: async (scene) => {
			const flipped = Uint8Array.from(await whole(scene.loader));
			flipped[flipped.length - 5]! ^= 1;
			return scene.load({ signature: flipped });
		},
	},
	{
		name: "oversized-signature",
		promises: always(refused("load", "EINVAL")),
		run: (scene) => scene.load({ signatureSize: 64 << 20 }),
	},
	{
		name: "zero-sized-signature",
		// Before the kernel took maps into it, it went on to read a message of no bytes.
		promises: byCover([refused("load", "EBADMSG", "EINVAL")], [refused("load", "EINVAL")]),
		code: notEnforced,
		run: (scene) => scene.load({ signatureSize: 0 }),
	},
	{
		name: "trailing-bytes",
		promises: always(loads, refused("load", "EBADMSG")),
		run: async (scene) =>
			scene.load({ signature: Buffer.concat([await whole(scene.loader), new Uint8Array(8)]) }),
	},
	{
		name: "signature-of-another-program",
		promises: always(refused("load", "EKEYREJECTED")),
		code: notEnforced,
		run: async (scene) =>
			scene.load({
				signature: await signature(Buffer.concat([signedBytes(scene.loader), new Uint8Array(8)])),
			}),
	},
	{
		name: "attached-content",
		// Signed over content of its own that the message has in it: never what is looked at.
		promises: always(refused("load", "EBADMSG")),
		code: notEnforced,
		run: async (scene) =>
			scene.load({
				signature: await signature(Buffer.from("other content"), "trusted", { attached: true }),
			}),
	},
	{
		name: "signed-attributes",
		promises: always(loads, refused("load", "EKEYREJECTED")),
		run: (scene) => scene.load({ options: { attributes: true } }),
	},
	{
		name: "with-certificates",
		promises: always(loads),
		run: (scene) => scene.load({ options: { certificates: true } }),
	},
	{
		name: "with-certificates-untrusted",
		// A certificate that comes along is not trusted for that.
		promises: always(refused("load", "ENOKEY")),
		code: notEnforced,
		run: (scene) => scene.load({ signer: "untrusted", options: { certificates: true } }),
	},
	{
		name: "issuer-and-serial",
		promises: always(loads),
		run: (scene) => scene.load({ options: { issuerAndSerial: true } }),
	},
	{
		name: "weak-digest-md5",
		promises: always(refused("load", "ENOPKG")),
		run: (scene) => scene.load({ options: { digest: "md5" } }),
	},
	{
		name: "weak-digest-sha1",
		promises: always(
			letLoad("signatures with SHA-1 count, for which two contents of one digest can be made"),
			refused("load", "ENOPKG"),
		),
		run: (scene) => scene.load({ options: { digest: "sha1" } }),
	},
	{
		name: "digest-sha512",
		promises: always(loads, refused("load", "ENOPKG")),
		run: (scene) => scene.load({ options: { digest: "sha512" } }),
	},
];

const whole = (loader: Parameters<typeof signedBytes>[0]) => signature(signedBytes(loader));
