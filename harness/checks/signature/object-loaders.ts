// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../package/package.js";
import { type Contract, contracts } from "../../signing/contract.js";
import { generateLoaders, type Loader } from "../../signing/loader/generate.js";

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
