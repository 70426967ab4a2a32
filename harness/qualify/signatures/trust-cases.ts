// SPDX-License-Identifier: Apache-2.0
import { ENOENT, errnoName } from "../../base/errno.js";
import { keySpecs, systemKeyrings } from "../../base/keys.js";
import { ed25519Certificate, identity, type Signer } from "../../checks/signature/ephemeral-signers.js";
import {
	always,
	endedAt,
	loads,
	loadsUnsafely,
	type Observed,
	refused,
} from "../../checks/signature/expectation.js";
import { addKey } from "../../checks/signature/keyrings.js";
import { sha256 } from "../../checks/signature/loader-install.js";
import type { LoaderSession } from "../../checks/signature/loader-session.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { readFile } from "../../machine/features/files.js";

const noKeyring = 0x7fffffff;
/** All permissions but search (KEY_POS_SEARCH, KEY_USR_SEARCH ...). */
const withoutSearch = 0x37373737;

/** The signer, and the keyring that the signature is verified against. */
export const trustCases: readonly SignatureCase[] = [
	{
		name: "untrusted-signer",
		promise: "a signer that the keyring does not have is refused",
		expected: always(refused("load", "ENOKEY")),
		run: (session) => session.load({ signer: "untrusted" }),
	},
	{
		name: "empty-keyring",
		promise: "an empty keyring trusts no signer",
		expected: always(refused("load", "ENOKEY")),
		run: async (session) => session.load({ keyring: await session.keyring() }),
	},
	{
		name: "missing-keyring",
		promise: "a keyring that does not exist is refused",
		expected: always(refused("load", "EINVAL")),
		run: (session) => session.load({ keyring: noKeyring }),
	},
	{
		name: "user-keyring",
		promise: "a keyring of the user is accepted by its serial number",
		expected: always(loads),
		run: async (session) => {
			const keyring = await session.trusted;
			return { ...(await session.load({ keyring })), seen: { keyring_serial: keyring } };
		},
	},
	{
		name: "session-keyring",
		promise: "the session keyring and what is linked into it are accepted",
		expected: always(loads),
		// The trusted keyring is linked into it.
		run: async (session) => {
			await session.trusted;
			return session.load({ keyring: keySpecs.session });
		},
	},
	...(["builtin", "secondary", "platform"] as const).map(
		(name): SignatureCase => ({
			name: `${name}-keyring`,
			promise: `the ${name} keyring does not trust a signer that it does not have`,
			expected: always(refused("load", "ENOKEY")),
			run: (session) => session.load({ keyring: systemKeyrings[name] }),
		}),
	),
	{
		name: "key-as-keyring",
		promise: "a key in place of a keyring is refused",
		// The serial number of a key.
		expected: always(refused("load", "ENOKEY")),
		run: async (session) => {
			const key = await session.trust("trusted", await session.keyring());
			return session.load({ keyring: key });
		},
	},
	{
		name: "expired-certificate",
		promise: "a signature with an expired certificate is accepted or refused",
		expected: always(
			loadsUnsafely("the kernel ignores the certificate's expiry date"),
			refused("load", "EKEYEXPIRED", "EKEYREJECTED"),
			refused("key", "EKEYEXPIRED", "EKEYREJECTED"),
		),
		run: (session) => signedBy(session, "expired"),
	},
	{
		name: "not-yet-valid-certificate",
		promise: "a signature with a certificate that is not yet valid is accepted or refused",
		expected: always(
			loadsUnsafely("the kernel ignores the date from which the certificate is valid"),
			refused("load", "EKEYREJECTED"),
			refused("key", "EKEYREJECTED"),
		),
		run: (session) => signedBy(session, "not-yet-valid"),
	},
	{
		name: "revoked-key",
		promise: "a revoked key is refused",
		expected: always(refused("load", "EKEYREVOKED")),
		run: async (session) => {
			const keyring = await session.keyring();
			const key = await session.trust("trusted", keyring);
			await session.client.call("key_revoke", { key });
			return session.load({ keyring });
		},
	},
	{
		name: "revoked-keyring",
		promise: "a revoked keyring is refused",
		expected: always(refused("load", "EKEYREVOKED")),
		run: async (session) => {
			const keyring = await session.keyring("trusted");
			await session.client.call("key_revoke", { key: keyring });
			return session.load({ keyring });
		},
	},
	{
		name: "removed-key",
		promise: "a key that was unlinked from the keyring is no longer trusted",
		expected: always(refused("load", "ENOKEY")),
		run: async (session) => {
			const keyring = await session.keyring();
			const key = await session.trust("trusted", keyring);
			await session.client.call("key_unlink", { key, keyring });
			return session.load({ keyring });
		},
	},
	{
		name: "keyring-without-search",
		promise: "a keyring without search permission is refused",
		expected: always(refused("load", "ENOKEY", "EACCES")),
		run: async (session) => {
			const keyring = await session.keyring("trusted");
			await session.client.call("key_permit", { key: keyring, permissions: withoutSearch });
			return session.load({ keyring });
		},
	},
	{
		name: "blacklisted-key",
		promise: "a key on the kernel's blacklist is refused",
		expected: always(refused("load", "EKEYREJECTED"), refused("key", "EKEYREJECTED")),
		run: blacklisted,
	},
	...(["rsa-3072", "ecdsa-p256", "ecdsa-p384"] as const).map(
		(signer): SignatureCase => ({
			name: `signer-${signer}`,
			promise: `a signer with ${signer} is accepted, or its certificate refused`,
			expected: always(loads, refused("key", "ENOPKG")),
			run: (session) => signedBy(session, signer),
		}),
	),
	{
		name: "signer-ed25519",
		promise: "an Ed25519 certificate is refused",
		// openssl makes no such signature without attributes; only the certificate can be tried.
		expected: always(refused("key", "ENOPKG", "EBADMSG")),
		run: async (session) => {
			const { certificate } = await ed25519Certificate();
			const keyring = await session.keyring();
			const added = await addKey(session.client, { type: "asymmetric", payload: certificate.der, keyring });
			return endedAt("key", "errno" in added ? added.errno : 0, "key");
		},
	},
];

async function signedBy(session: LoaderSession, signer: Signer): Promise<Observed> {
	const { certificate } = await identity(signer);
	const keyring = await session.keyring();
	const added = await addKey(session.client, { type: "asymmetric", payload: certificate.der, keyring });
	return "errno" in added ? endedAt("key", added.errno) : session.load({ signer, keyring });
}

/**
 * Adds `tbs:<sha256>` to the kernel's blacklist (certs/blacklist.c), which takes a process with a
 * builtin key (CONFIG_SYSTEM_BLACKLIST_AUTH_UPDATE).
 */
async function blacklisted(session: LoaderSession): Promise<Observed> {
	const { certificate } = await identity("trusted");
	const blacklist = await keyringSerial(session, ".blacklist");
	const description = `tbs:${tbsDigest(certificate.der)}`;
	const added =
		blacklist === undefined
			? { errno: ENOENT }
			: await addKey(session.client, { type: "blacklist", description, keyring: blacklist });
	if ("errno" in added)
		return {
			...endedAt("key", added.errno),
			cannot: `the kernel's blacklist accepts no key from here (${errnoName(added.errno)})`,
		};
	return signedBy(session, "trusted");
}

/** Serial of a kernel keyring in /proc/keys: `1a2b3c4d I------ … keyring .blacklist: 12`. */
async function keyringSerial({ client }: LoaderSession, name: string): Promise<number | undefined> {
	const keys = await readFile(client, "/proc/keys");
	const line = Buffer.from(keys ?? [])
		.toString("latin1")
		.split("\n")
		.find((each) => each.includes(` keyring   ${name}`));
	return line === undefined ? undefined : Number.parseInt(line.slice(0, 8), 16);
}

/** SHA-256 of the signed part of a certificate (tbsCertificate); lower-case hexadecimal. */
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
