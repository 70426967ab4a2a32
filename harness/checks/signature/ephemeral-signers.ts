// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { type SignOptions, signDetached } from "../../data/signing/cms.js";
import { type Identity, type IssueOptions, issue } from "../../data/signing/issue.js";

const day = 24 * 3600 * 1000;

/** Signers with keys made for this process. A keyring in the guest trusts all but `untrusted`. */
const kinds = {
	trusted: { type: "rsa2048" },
	untrusted: { type: "rsa2048" },
	expired: {
		type: "rsa2048",
		validFrom: new Date(Date.now() - 30 * day),
		validTo: new Date(Date.now() - day),
	},
	"not-yet-valid": { type: "rsa2048", validFrom: new Date(Date.now() + 365 * day) },
	"ecdsa-p256": { type: "ecdsa" },
	"ecdsa-p384": { type: "ecdsa384" },
	"rsa-3072": { type: "rsa" },
} satisfies Record<string, IssueOptions>;

export type Signer = keyof typeof kinds;

/** How evidence names them. */
export const ephemeral = "ephemeral key";

const issued = new Map<string, Promise<Identity>>();
const made = new Map<string, Promise<Uint8Array>>();
/** Signatures kept: enough for a few objects on many kernels. */
const maxMade = 2_000;

/** The key and certificate of a signer, made once for each process, in memory only. */
export function identity(signer: Signer): Promise<Identity> {
	return once(issued, signer, () => issue({ ...kinds[signer], subject: `bpfgate ephemeral ${signer}` }));
}

/** Makes all keys in advance, one after the other. A failure shows when the key is used. */
export async function prepareSigners(): Promise<void> {
	for (const signer of Object.keys(kinds) as Signer[]) await identity(signer).catch(() => {});
}

/** A certificate with an algorithm that kernels may not know. */
export function ed25519Certificate(): Promise<Identity> {
	return once(issued, "ed25519", () => issue({ type: "ed25519", subject: "bpfgate ephemeral ed25519" }));
}

/** A detached CMS signature over these bytes; kept, as many kernels are given the same bytes. */
export async function signature(
	bytes: Uint8Array,
	signer: Signer = "trusted",
	options: SignOptions = {},
): Promise<Uint8Array> {
	const digest = createHash("sha256").update(bytes).digest("hex");
	if (made.size >= maxMade) made.clear();
	return once(made, `${signer} ${JSON.stringify(options)} ${digest}`, async () => {
		const { privateKey, certificate } = await identity(signer);
		return signDetached(bytes, { kind: "memory", pem: privateKey }, certificate, options);
	});
}

function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
	let value = cache.get(key);
	if (!value) {
		value = make();
		cache.set(key, value);
		value.catch(() => cache.delete(key));
	}
	return value;
}
