// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../data/package/package.js";
import { type Contract, contracts } from "../../data/signing/contract.js";
import { generateLoaders, type Loader } from "../../data/signing/loader/generate.js";

const made = new WeakMap<PackageObject, Promise<Record<Contract, Loader>>>();

/** The loader of an object for each contract, made once. @throws Unsignable */
export function loadersOf(object: PackageObject): Promise<Record<Contract, Loader>> {
	let loaders = made.get(object);
	if (!loaders) {
		loaders = generateLoaders(object, contracts).then(
			(list) =>
				Object.fromEntries(list.map((loader) => [loader.contract, loader])) as Record<Contract, Loader>,
		);
		made.set(object, loaders);
	}
	return loaders;
}
