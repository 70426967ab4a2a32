// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { keySpecs } from "../../base/keys.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import type { Args } from "../../machine/guest/operations.js";
import { identity, type Signer } from "./ephemeral-signers.js";

/** The kernel refused a certificate: it does not know the algorithm, or not this key length. */
export class KeyRefused extends Error {
	override name = "KeyRefused";

	constructor(readonly errno: number) {
		super(`the kernel refuses the certificate (${errnoName(errno)})`);
	}
}

/** Keyrings in a guest against which signatures are verified, all linked to the session keyring. */
export class Keyrings {
	readonly #made: number[] = [];
	#trusted: Promise<number> | undefined;

	constructor(readonly client: GuestClient) {}

	/** A keyring with the certificate of the trusted signer. */
	get trusted(): Promise<number> {
		this.#trusted ??= this.keyring("trusted");
		return this.#trusted;
	}

	/** A new keyring with the certificates of these signers. @throws KeyRefused */
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

	/** Adds a signer's certificate to a keyring; returns the key's serial number. */
	async trust(signer: Signer, keyring: number): Promise<number> {
		return this.trustCertificate((await identity(signer)).certificate.der, keyring);
	}

	/** @param certificate X.509, DER. @throws KeyRefused */
	async trustCertificate(certificate: Uint8Array, keyring: number): Promise<number> {
		const added = await addKey(this.client, { type: "asymmetric", payload: certificate, keyring });
		if ("errno" in added) throw new KeyRefused(added.errno);
		return added.serial;
	}

	async close(): Promise<void> {
		const keyring = keySpecs.session;
		for (const key of this.#made) await this.client.call("key_unlink", { key, keyring });
	}
}

/** Serial number of a key added to a keyring, or the errno with which the kernel refuses it. */
export async function addKey(
	client: GuestClient,
	args: Args<"key_add">,
): Promise<{ serial: number } | { errno: number }> {
	try {
		return await client.call("key_add", args);
	} catch (error) {
		if (error instanceof GuestError) return { errno: error.errno };
		throw error;
	}
}
