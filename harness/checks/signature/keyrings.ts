// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { keySpecs } from "../../base/keys.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { addKey } from "./install.js";
import { identity, type Signer } from "./throwaway.js";

/**
 * The kernel does not take a certificate: it knows the algorithm of its key not at all, or not of
 * this length.
 */
export class KeyRefused extends Error {
	override name = "KeyRefused";

	constructor(readonly errno: number) {
		super(`the kernel does not take the certificate (${errnoName(errno)})`);
	}
}

/**
 * Keyrings made in a guest for signatures to be checked against; all below the agent's session
 * keyring.
 */
export class Keyrings {
	readonly #made: number[] = [];
	#trusted: Promise<number> | undefined;

	constructor(readonly client: GuestClient) {}

	/** A keyring with the certificate of the trusted signer. */
	get trusted(): Promise<number> {
		this.#trusted ??= this.keyring("trusted");
		return this.#trusted;
	}

	/** A new keyring with the certificates of these. @throws KeyRefused */
	async keyring(...signers: Signer[]): Promise<number> {
		const { serial } = await this.client.call("key_add", {
			type: "keyring",
			description: `bpfgate ${this.#made.length}`,
			keyring: keySpecs.session,
		});
		this.#made.push(serial);
		for (const signer of signers) await this.trust(signer, serial);
		return serial;
	}

	/** Puts a signer's certificate into a keyring; serial of the key. */
	async trust(signer: Signer, keyring: number): Promise<number> {
		return this.trustCertificate((await identity(signer)).certificate.der, keyring);
	}

	/** @param certificate X.509, DER. @throws KeyRefused */
	async trustCertificate(certificate: Uint8Array, keyring: number): Promise<number> {
		const added = await addKey(this.client, { type: "asymmetric", payload: certificate, keyring });
		if ("errno" in added) throw new KeyRefused(added.errno);
		return added.serial;
	}

	/** Takes them away. */
	async close(): Promise<void> {
		const keyring = keySpecs.session;
		for (const key of this.#made) await this.client.call("key_unlink", { key, keyring });
	}
}
