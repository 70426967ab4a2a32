// SPDX-License-Identifier: Apache-2.0
import { isCapable } from "../../data/package/capable.js";
import type { PackageObject } from "../../data/package/package.js";
import type { Contract } from "../../data/signing/contract.js";
import type { PackageSignatures } from "../../data/signing/layout.js";
import type { Loader } from "../../data/signing/loader/generate.js";
import type { SignedLoader } from "../../data/signing/signed-loader.js";
import type { Workbench } from "../../lab/check.js";
import { InstallPlans } from "./install-plan.js";
import { Keyrings } from "./keyrings.js";

/**
 * Whether the cases of an object need guests of their own. A loader that the package ships is a
 * syscall program with any instructions; those that are generated here are libbpf's.
 */
export function needsCleanGuests(object: PackageObject, signatures: PackageSignatures | undefined): boolean {
	return shippedOf(object, signatures).length > 0 || object.programs.some(isCapable);
}

function shippedOf({ file }: PackageObject, signatures: PackageSignatures | undefined): SignedLoader[] {
	return signatures?.objects.find((signed) => signed.object === file)?.loaders ?? [];
}

const isSame = (one: Loader, other: Loader) =>
	Buffer.compare(one.insns, other.insns) === 0 && Buffer.compare(one.data, other.data) === 0;

/**
 * The guests for the cases of one object, one after the other: where a program ran that can change
 * what the agent says (data/package/capable.ts), no other case is judged.
 */
export class CleanGuests {
	/** Whether the package ships loaders of the object that are not those generated here. */
	readonly ownLoaders: boolean;
	/** What the guests up to now had left. */
	readonly left: string[] = [];
	#used = false;
	#keyrings: Keyrings | undefined;

	constructor(
		readonly bench: Workbench,
		object: PackageObject,
		private readonly contract: Contract | "none",
		private readonly signatures: PackageSignatures | undefined,
		generated?: Readonly<Record<Contract, Loader>>,
	) {
		this.ownLoaders = shippedOf(object, signatures).some(
			(loader) => !generated || !isSame(loader, generated[loader.contract]),
		);
	}

	/** Something of the package ran or was attached. @param capable it can change what is said */
	ran(capable: boolean): void {
		if (capable) this.#used = true;
	}

	/** Goes on in a fresh guest where a capable program ran, and has plans for the guest. */
	async plans(): Promise<InstallPlans> {
		await this.renew();
		this.#keyrings ??= new Keyrings((await this.bench.guest()).client);
		return new InstallPlans(this.contract, this.signatures, this.#keyrings);
	}

	/** Goes on in a fresh guest where a capable program ran. */
	async renew(): Promise<void> {
		if (!this.#used) return;
		await this.close();
		this.left.push(...(await this.bench.leftovers()));
		await this.bench.spoil();
		this.#used = false;
	}

	/** Removes the keyrings of the plans. */
	async close(): Promise<void> {
		await this.#keyrings?.close();
		this.#keyrings = undefined;
	}
}
