// SPDX-License-Identifier: Apache-2.0
import type { SignOptions } from "../../data/signing/cms.js";
import type { Contract } from "../../data/signing/contract.js";
import { signedBytes } from "../../data/signing/layout.js";
import type { Loader } from "../../data/signing/loader/generate.js";
import type { Guest } from "../../machine/vm/guest.js";
import { type Signer, signature } from "./ephemeral-signers.js";
import type { Observed } from "./expectation.js";
import { Keyrings } from "./keyrings.js";
import {
	type DataMap,
	type Installation,
	Installer,
	type InstallResult,
	signedInstallation,
} from "./loader-install.js";

/** What differs from an honest host's installation of a correctly signed loader. */
export interface Deviation extends Omit<Partial<Installation>, "dataMap" | "signature"> {
	dataMap?: Partial<DataMap>;
	/** Default: that over the loader, by `signer`. */
	signature?: Uint8Array;
	signatureSize?: number;
	/** Default: the trusted one. */
	keyring?: number;
	/** Default `trusted`. */
	signer?: Signer;
	options?: SignOptions;
}

/** One object's loaders in a guest that verifies signatures, and keyrings to verify with. */
export class LoaderSession extends Keyrings {
	constructor(
		readonly guest: Guest,
		/** The kernel's. */
		readonly contract: Contract,
		/** One for each contract; signed here, by the ephemeral signers. */
		readonly loaders: Readonly<Record<Contract, Loader>>,
	) {
		super(guest.client);
	}

	/** The one for the kernel's own contract. */
	get loader(): Loader {
		return this.loaders[this.contract];
	}

	/** Installs as the kernel's contract asks, but for the deviation; closes everything again. */
	install(deviation: Deviation = {}): Promise<Observed> {
		return this.installBy(this.loader, deviation);
	}

	/** The same without running the loader. */
	load(deviation: Deviation = {}): Promise<Observed> {
		return this.install({ ...deviation, run: false });
	}

	/** @param look reads what was installed, before it is closed */
	async installBy(
		loader: Loader,
		deviation: Deviation = {},
		look?: (installed: InstallResult) => Promise<Pick<Observed, "seen" | "wrong">>,
	): Promise<Observed> {
		const installer = new Installer(this.client);
		try {
			const installed = await installer.install(await this.#installation(loader, deviation));
			return installed.step === "installed" && look
				? { ...installed, ...(await look(installed)) }
				: installed;
		} finally {
			await installer.close();
		}
	}

	async #installation(loader: Loader, deviation: Deviation): Promise<Installation> {
		const { dataMap, signature: given, signatureSize, keyring, signer, options, ...rest } = deviation;
		const cms = given ?? (await signature(signedBytes(loader), signer, options));
		const installation = signedInstallation(loader, cms, keyring ?? (await this.trusted));
		return {
			...installation,
			...rest,
			dataMap: { ...installation.dataMap!, ...dataMap },
			signature: {
				...installation.signature!,
				...(signatureSize === undefined ? {} : { size: signatureSize }),
			},
		};
	}
}
