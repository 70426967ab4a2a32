// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../data/package/package.js";
import type { Contract } from "../../data/signing/contract.js";
import { type PackageSignatures, type SignedObject, signedBytes } from "../../data/signing/layout.js";
import type { Loader } from "../../data/signing/loader/generate.js";
import type { SignedLoader } from "../../data/signing/signed-loader.js";
import type { Installation } from "./install.js";
import type { Keyrings } from "./keyrings.js";
import { loadersOf } from "./object-loaders.js";
import { signed } from "./scene.js";
import { signature } from "./throwaway.js";
import { unsignedInstallation } from "./unsigned.js";

export interface Way {
	loader: Loader;
	installation: Installation;
	/**
	 * Subject of the certificate that came with the package, or `throwaway`; absent when nobody
	 * signed.
	 */
	signedBy?: string;
	/** Serial of the keyring that it is checked against. */
	keyring?: number;
}

/**
 * How objects of a package get into a kernel: by the loaders that came with it, or by those that
 * are signed here.
 */
export class Ways {
	constructor(
		private readonly contract: Contract | "none",
		private readonly signatures: PackageSignatures | undefined,
		private readonly keyrings: Keyrings,
	) {}

	/** Contracts that an object came signed for; undefined when it came without signatures. */
	covered(object: PackageObject): Contract[] | undefined {
		return this.#signed(object)?.loaders.map(({ contract }) => contract);
	}

	/** The loader of a contract that an object came with. */
	shipped(object: PackageObject, contract: Contract): SignedLoader | undefined {
		return this.#signed(object)?.loaders.find((loader) => loader.contract === contract);
	}

	#signed(object: PackageObject): SignedObject | undefined {
		return this.signatures?.objects.find((candidate) => candidate.object === object.file);
	}

	/** Subject of the certificate that came with the package. */
	get signer(): string | undefined {
		return this.signatures?.certificate.subject;
	}

	/**
	 * The way of an object as it is in the package; undefined when it came signed, but for no
	 * contract that does here.
	 *
	 * @throws KeyRefused when the kernel does not take the certificate that came with it
	 */
	async own(object: PackageObject): Promise<Way | undefined> {
		const { contract, signatures, keyrings } = this;
		if (contract === "none" || !signatures || !this.covered(object)) return this.made(object);
		// A kernel of `insns-excl` takes loaders of `insns` too.
		const older = contract === "insns-excl" ? this.shipped(object, "insns") : undefined;
		const loader = this.shipped(object, contract) ?? older;
		if (!loader) return undefined;
		const keyring = await keyrings.keyring();
		await keyrings.trustCertificate(signatures.certificate.der, keyring);
		const installation = signed(loader, loader.cms, keyring);
		return { loader, installation, signedBy: signatures.certificate.subject, keyring };
	}

	/** That of an object, perhaps with other constants, which is signed here. @throws Unsignable */
	async made(object: PackageObject): Promise<Way> {
		const { contract, keyrings } = this;
		const loaders = await loadersOf(object);
		if (contract === "none") return unsignedInstallation(loaders, contract);
		const loader = loaders[contract];
		const keyring = await keyrings.trusted;
		const installation = signed(loader, await signature(signedBytes(loader)), keyring);
		return { loader, installation, signedBy: "throwaway", keyring };
	}
}
