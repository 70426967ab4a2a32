// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../package/package.js";
import type { Contract } from "../../signing/contract.js";
import { type PackageSignatures, signedBytes } from "../../signing/layout.js";
import type { Loader } from "../../signing/loader/generate.js";
import type { Installation } from "./install.js";
import type { Keyrings } from "./keyrings.js";
import { loadersOf } from "./object-loaders.js";
import { signed } from "./scene.js";
import { signature } from "./throwaway.js";
import { unsignedInstallation } from "./unsigned.js";

export interface Way {
	loader: Loader;
	installation: Installation;
	/** Subject of the certificate that came with the package, or `throwaway`; absent when nobody signed. */
	signedBy?: string;
	/** Serial of the keyring that it is checked against. */
	keyring?: number;
}

/** How objects of a package get into a kernel: by the loaders that came with it, or by those that are signed here. */
export class Ways {
	constructor(
		private readonly contract: Contract | "none",
		private readonly signatures: PackageSignatures | undefined,
		private readonly keyrings: Keyrings,
	) {}

	/** Contracts that an object came signed for; undefined when it came without signatures. */
	shipped(object: PackageObject): Contract[] | undefined {
		return this.signatures?.objects
			.find((candidate) => candidate.object === object.file)
			?.loaders.map(({ contract }) => contract);
	}

	/** The way of an object as it is in the package; undefined when it came signed, but for no contract that does here. */
	async own(object: PackageObject): Promise<Way | undefined> {
		const { contract, signatures, keyrings } = this;
		const signedObject = signatures?.objects.find((candidate) => candidate.object === object.file);
		if (contract === "none" || !signatures || !signedObject) return this.made(object);
		// A kernel of `insns-excl` takes loaders of `insns` too.
		const fits = contract === "insns-excl" ? [contract, "insns"] : [contract];
		const loader = fits.flatMap((fit) => signedObject.loaders.filter((each) => each.contract === fit))[0];
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
