// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { errnoName } from "../../../base/errno.js";
import { keySpecs, systemKeyrings } from "../../../base/keys.js";
import { readFile } from "../../../machine/features/files.js";
import { addKey } from "../install.js";
import { always, letLoad, loads, refused } from "../promise.js";
import { type Observed, type Scene, sha256 } from "../scene.js";
import { ed25519Certificate, identity, type Signer } from "../throwaway.js";
import type { SignatureCase } from "./case.js";

const notEnforced = "signature-not-enforced";
const noKeyring = 0x7fffffff;
/** KEY_POS_*, KEY_USR_* and so on without search: view, read, write, link, setattr. */
const withoutSearch = 0x37373737;

/** Who signed, and the keyring that the signature is checked against. */
export const trustCases: SignatureCase[] = [
	{
		name: "untrusted-signer",
		promises: always(refused("load", "ENOKEY")),
		code: notEnforced,
		run: (scene) => scene.load({ signer: "untrusted" }),
	},
	{
		name: "empty-keyring",
		promises: always(refused("load", "ENOKEY")),
		code: notEnforced,
		run: async (scene) => scene.load({ keyring: await scene.keyring() }),
	},
	{
		name: "missing-keyring",
		promises: always(refused("load", "EINVAL")),
		code: notEnforced,
		run: (scene) => scene.load({ keyring: noKeyring }),
	},
	{
		name: "user-keyring",
		promises: always(loads),
		run: async (scene) => {
			const keyring = await scene.trusted;
			return { ...(await scene.load({ keyring })), seen: { keyring_serial: keyring } };
		},
	},
	{
		name: "session-keyring",
		promises: always(loads),
		// The trusted keyring is linked into it.
		run: async (scene) => {
			await scene.trusted;
			return scene.load({ keyring: keySpecs.session });
		},
	},
	...(["builtin", "secondary", "platform"] as const).map(
		(name): SignatureCase => ({
			name: `${name}-keyring`,
			promises: always(refused("load", "ENOKEY")),
			code: notEnforced,
			run: (scene) => scene.load({ keyring: systemKeyrings[name] }),
		}),
	),
	{
		name: "key-as-keyring",
		// The serial number of a key that is no keyring.
		promises: always(refused("load", "ENOKEY")),
		run: async (scene) => {
			const key = await scene.trust("trusted", await scene.keyring());
			return scene.load({ keyring: key });
		},
	},
	{
		name: "expired-certificate",
		promises: always(
			letLoad("the kernel does not look at how long a certificate is valid"),
			refused("load", "EKEYEXPIRED", "EKEYREJECTED"),
			refused("key", "EKEYEXPIRED", "EKEYREJECTED"),
		),
		run: (scene) => signedBy(scene, "expired"),
	},
	{
		name: "not-yet-valid-certificate",
		promises: always(
			letLoad("the kernel does not look from when on a certificate is valid"),
			refused("load", "EKEYREJECTED"),
			refused("key", "EKEYREJECTED"),
		),
		run: (scene) => signedBy(scene, "not-yet-valid"),
	},
	{
		name: "revoked-key",
		promises: always(refused("load", "EKEYREVOKED")),
		code: notEnforced,
		run: async (scene) => {
			const keyring = await scene.keyring();
			const key = await scene.trust("trusted", keyring);
			await scene.client.call("key_revoke", { key });
			return scene.load({ keyring });
		},
	},
	{
		name: "revoked-keyring",
		promises: always(refused("load", "EKEYREVOKED")),
		code: notEnforced,
		run: async (scene) => {
			const keyring = await scene.keyring("trusted");
			await scene.client.call("key_revoke", { key: keyring });
			return scene.load({ keyring });
		},
	},
	{
		name: "removed-key",
		promises: always(refused("load", "ENOKEY")),
		code: notEnforced,
		run: async (scene) => {
			const keyring = await scene.keyring();
			const key = await scene.trust("trusted", keyring);
			await scene.client.call("key_unlink", { key, keyring });
			return scene.load({ keyring });
		},
	},
	{
		name: "keyring-without-search",
		promises: always(refused("load", "ENOKEY", "EACCES")),
		code: notEnforced,
		run: async (scene) => {
			const keyring = await scene.keyring("trusted");
			await scene.client.call("key_permit", { key: keyring, permissions: withoutSearch });
			return scene.load({ keyring });
		},
	},
	{
		name: "blacklisted-key",
		promises: always(refused("load", "EKEYREJECTED"), refused("key", "EKEYREJECTED")),
		code: notEnforced,
		run: blacklisted,
	},
	...(["rsa-3072", "ecdsa-p256", "ecdsa-p384"] as const).map(
		(signer): SignatureCase => ({
			name: `signer-${signer}`,
			promises: always(loads, refused("key", "ENOPKG")),
			run: (scene) => signedBy(scene, signer),
		}),
	),
	{
		name: "signer-ed25519",
		// No message of openssl's has such a signature without attributes; whether the kernel takes
		// the key decides.
		promises: always(refused("key", "ENOPKG", "EBADMSG")),
		run: async (scene) => {
			const { certificate } = await ed25519Certificate();
			const keyring = await scene.keyring();
			const added = await addKey(scene.client, { type: "asymmetric", payload: certificate.der, keyring });
			return atKey("errno" in added ? added.errno : 0);
		},
	},
];

async function signedBy(scene: Scene, signer: Signer): Promise<Observed> {
	const { certificate } = await identity(signer);
	const keyring = await scene.keyring();
	const added = await addKey(scene.client, { type: "asymmetric", payload: certificate.der, keyring });
	return "errno" in added ? atKey(added.errno) : scene.load({ signer, keyring });
}

function atKey(errno: number): Observed {
	return { stage: "key", errno, maps: [], programs: [] };
}

/**
 * The digest of the certificate that is signed, in the kernel's blacklist (certs/blacklist.c):
 * `tbs:<sha256>`, a key of type `blacklist` that only the kernel, or who signs it with a builtin
 * key (CONFIG_SYSTEM_BLACKLIST_AUTH_UPDATE), can add.
 */
async function blacklisted(scene: Scene): Promise<Observed> {
	const { certificate } = await identity("trusted");
	const blacklist = await keyringSerial(scene, ".blacklist");
	const description = `tbs:${tbsDigest(certificate.der)}`;
	const added =
		blacklist === undefined
			? { errno: constants.errno.ENOENT }
			: await addKey(scene.client, { type: "blacklist", description, keyring: blacklist });
	if ("errno" in added)
		return {
			...atKey(added.errno),
			cannot: `no key can be put on the kernel's blacklist from here (${errnoName(added.errno)})`,
		};
	return signedBy(scene, "trusted");
}

/**
 * Serial number of one of the kernel's own keyrings, from /proc/keys: `1a2b3c4d I------ … keyring
 * .blacklist: 12`.
 */
async function keyringSerial({ client }: Scene, name: string): Promise<number | undefined> {
	const keys = await readFile(client, "/proc/keys");
	const line = Buffer.from(keys ?? [])
		.toString("latin1")
		.split("\n")
		.find((each) => each.includes(` keyring   ${name}`));
	return line === undefined ? undefined : Number.parseInt(line.slice(0, 8), 16);
}

/** SHA-256 of a certificate's first part, which is what was signed; lower-case hexadecimal. */
function tbsDigest(certificate: Uint8Array): string {
	const sizeOf = (at: number): { head: number; size: number } => {
		const first = certificate[at + 1] ?? 0;
		if (first < 0x80) return { head: 2, size: first };
		const bytes = certificate.subarray(at + 2, at + 2 + (first & 0x7f));
		return { head: 2 + bytes.length, size: bytes.reduce((sum, byte) => sum * 256 + byte, 0) };
	};
	const start = sizeOf(0).head;
	const { head, size } = sizeOf(start);
	return sha256(certificate.subarray(start, start + head + size)).toString("hex");
}
