// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../data/package/package.js";
import { type Contract, contracts } from "../../data/signing/contract.js";
import { type PackageSignatures, type SignedObject, signedBytes } from "../../data/signing/layout.js";
import { generateLoaders, type Loader } from "../../data/signing/loader/generate.js";
import type { SignedLoader } from "../../data/signing/signed-loader.js";
import { ephemeral, signature } from "./ephemeral-signers.js";
import type { Keyrings } from "./keyrings.js";
import { type Installation, signedInstallation, unsignedInstallation } from "./loader-install.js";

const generated = new WeakMap<PackageObject, Promise<Record<Contract, Loader>>>();

/** The loader of an object for each contract, generated once. @throws Unsignable */
export function loadersOf(object: PackageObject): Promise<Record<Contract, Loader>> {
	let loaders = generated.get(object);
	if (!loaders) {
		loaders = generateLoaders(object, contracts).then(
			(list) =>
				Object.fromEntries(list.map((loader) => [loader.contract, loader])) as Record<Contract, Loader>,
		);
		generated.set(object, loaders);
	}
	return loaders;
}

/** The loader that installs an object, and how. */
export interface InstallPlan {
	loader: Loader;
	installation: Installation;
	/** Subject of the package's certificate, or `ephemeral key`; absent without a signature. */
	signedBy?: string;
	/** Serial number of the keyring that the signature is verified against. */
	keyring?: number;
}

/** How an honest host installs without a signature on a kernel of this contract. */
export function unsignedPlan(
	loaders: Readonly<Record<Contract, Loader>>,
	contract: Contract | "none",
): InstallPlan {
	const loader = loaders[contract === "none" ? "insns-maps" : contract];
	return { loader, installation: unsignedInstallation(loader, contract !== "none") };
}

/** Plans for the objects of a package: with the loaders it ships, or with loaders signed here. */
export class InstallPlans {
	constructor(
		private readonly contract: Contract | "none",
		private readonly signatures: PackageSignatures | undefined,
		private readonly keyrings: Keyrings,
	) {}

	/** Contracts for which the package ships a loader of the object; none without signatures. */
	covered(object: PackageObject): Contract[] | undefined {
		return this.#signed(object)?.loaders.map(({ contract }) => contract);
	}

	/** The loader of a contract that the package ships. */
	shipped(object: PackageObject, contract: Contract): SignedLoader | undefined {
		return this.#signed(object)?.loaders.find((loader) => loader.contract === contract);
	}

	#signed(object: PackageObject): SignedObject | undefined {
		return this.signatures?.objects.find((candidate) => candidate.object === object.file);
	}

	get signer(): string | undefined {
		return this.signatures?.certificate.subject;
	}

	/** The plan for an object; undefined when no shipped loader suits. @throws KeyRefused */
	async own(object: PackageObject): Promise<InstallPlan | undefined> {
		const { contract, signatures, keyrings } = this;
		if (contract === "none" || !signatures || !this.covered(object)) return this.signedHere(object);
		// A kernel of `insns-excl` accepts loaders of `insns` too.
		const older = contract === "insns-excl" ? this.shipped(object, "insns") : undefined;
		const loader = this.shipped(object, contract) ?? older;
		if (!loader) return undefined;
		const keyring = await keyrings.keyring();
		await keyrings.trustCertificate(signatures.certificate.der, keyring);
		const installation = signedInstallation(loader, loader.cms, keyring);
		return { loader, installation, signedBy: signatures.certificate.subject, keyring };
	}

	/** The plan with a generated loader, for objects with other constants. @throws Unsignable */
	async signedHere(object: PackageObject): Promise<InstallPlan> {
		const { contract, keyrings } = this;
		const loaders = await loadersOf(object);
		if (contract === "none") return unsignedPlan(loaders, contract);
		const loader = loaders[contract];
		const keyring = await keyrings.trusted;
		const installation = signedInstallation(loader, await signature(signedBytes(loader)), keyring);
		return { loader, installation, signedBy: ephemeral, keyring };
	}
}
