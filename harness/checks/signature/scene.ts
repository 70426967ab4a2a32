// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import type { SignOptions } from "../../data/signing/cms.js";
import type { Contract } from "../../data/signing/contract.js";
import { signedBytes } from "../../data/signing/layout.js";
import type { Loader } from "../../data/signing/loader/generate.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { type DataMap, type Installation, type Installed, Installer } from "./install.js";
import { Keyrings } from "./keyrings.js";
import { type Signer, signature } from "./throwaway.js";

/** What a kernel did with an installation, and what was seen of it beyond that. */
export interface Observed extends Installed {
	/** Goes into the evidence as it is. */
	seen?: Record<string, unknown>;
	/** It ended as it should, and still something is not as it must be. */
	wrong?: string;
	/** Why this kernel, or bpfgate on it, cannot be brought into the situation at all. */
	cannot?: string;
}

/** What differs from an installation by a well-meaning host. */
export interface Deviation extends Omit<Partial<Installation>, "dataMap" | "signature"> {
	dataMap?: Partial<DataMap>;
	/** In place of that over the loader with the trusted key; null: none. */
	signature?: Uint8Array | null;
	signatureSize?: number;
	keyring?: number;
	signer?: Signer;
	options?: SignOptions;
}

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** How a well-meaning host installs by a loader that is not signed, on any kernel. */
export function unsigned(loader: Loader, exclusive: boolean): Installation {
	const { contract, insns, data, maps, programs } = loader;
	return {
		insns,
		dataMap: { data, exclusiveTo: exclusive ? sha256(insns) : undefined },
		hashed: contract !== "insns-maps",
		maps: maps.length,
		programs: programs.length,
	};
}

/** The same with a signature. */
export function signed(loader: Loader, cms: Uint8Array, keyring: number): Installation {
	return {
		...unsigned(loader, true),
		signature: { bytes: cms, keyring },
		counted: loader.contract === "insns-maps" ? 1 : 0,
	};
}

/**
 * One object's loaders in a guest whose kernel has signatures, and the keyrings that they are
 * checked against.
 */
export class Scene extends Keyrings {
	constructor(
		client: GuestClient,
		/** The kernel's. */
		readonly contract: Contract,
		/** Made for each contract, in the throwaway signer's hands. */
		readonly loaders: Readonly<Record<Contract, Loader>>,
	) {
		super(client);
	}

	/** For the kernel's own contract. */
	get loader(): Loader {
		return this.loaders[this.contract];
	}

	/** Installs with the kernel's own contract but for the deviation; nothing is left of it. */
	install(deviation: Deviation = {}): Promise<Observed> {
		return this.installBy(this.loader, deviation);
	}

	/** The same up to loading the loader, which is not run. */
	load(deviation: Deviation = {}): Promise<Observed> {
		return this.install({ ...deviation, run: false });
	}

	async installBy(loader: Loader, deviation: Deviation = {}): Promise<Observed> {
		const installer = new Installer(this.client);
		try {
			return await installer.install(await this.#installation(loader, deviation));
		} finally {
			await installer.close();
		}
	}

	/** The same, and looks at what was installed before it is taken away. */
	async installAnd(
		deviation: Deviation,
		look: (installed: Installed) => Promise<Pick<Observed, "seen" | "wrong">>,
	): Promise<Observed> {
		const installer = new Installer(this.client);
		try {
			const installed = await installer.install(await this.#installation(this.loader, deviation));
			return installed.stage === "installed" ? { ...installed, ...(await look(installed)) } : installed;
		} finally {
			await installer.close();
		}
	}

	async #installation(loader: Loader, deviation: Deviation): Promise<Installation> {
		const { dataMap, signature: given, signatureSize, keyring, signer, options, ...rest } = deviation;
		const cms =
			given === null
				? undefined
				: (given ?? (await signature(signedBytes(loader), signer ?? "trusted", options)));
		const installation = signed(loader, cms ?? new Uint8Array(0), keyring ?? (await this.trusted));
		return {
			...installation,
			...rest,
			dataMap: { ...installation.dataMap!, ...dataMap },
			signature:
				cms === undefined
					? undefined
					: {
							...installation.signature!,
							...(signatureSize === undefined ? {} : { size: signatureSize }),
						},
		};
	}
}
