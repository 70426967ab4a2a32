// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../../../base/errors.js";
import { chainPackets } from "../../../checks/chain/model/chain-packets.js";
import {
	absentPackages,
	chainsOf,
	declaredChain,
	reportingPackage,
} from "../../../checks/chain/model/declared-chain.js";
import type { Package } from "../../../data/package/package.js";
import { type ChainSource, readChainFile } from "../../../data/package/sections/chain-file.js";
import { type ChainHookFacts, chainHooks } from "../../../data/package/sections/chain-hooks.js";

/** Checks the chains of a manifest; one with absent packages is skipped. @throws InputError */
export function assertChains(pkg: Package, packages: readonly Package[]): void {
	for (const source of chainsOf([pkg]))
		if (absentPackages(source, packages).length === 0) checkChain(source, packages);
}

/** The chains of `--chain` files. @throws AggregateError of an InputError for each wrong one */
export async function openChains(
	files: readonly string[],
	packages: readonly Package[],
): Promise<ChainSource[]> {
	const errors: InputError[] = [];
	const collect = async <T>(action: () => T | Promise<T>): Promise<T | undefined> => {
		try {
			return await action();
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			errors.push(error);
			return undefined;
		}
	};
	const fromFiles: ChainSource[] = [];
	for (const file of files) fromFiles.push(...((await collect(() => readChainFile(file))) ?? []));
	for (const source of fromFiles) await collect(() => checkChain(source, packages));
	if (errors.length === 0) await collect(() => checkNames([...chainsOf(packages), ...fromFiles], packages));
	if (errors.length > 0) throw new AggregateError(errors);
	return fromFiles;
}

/** What would be found out in a guest otherwise. @throws InputError */
function checkChain(source: ChainSource, packages: readonly Package[]): void {
	const { packets }: ChainHookFacts = chainHooks[source.chain.hook];
	const chain = declaredChain(source, packages, new Set());
	if (packets) chainPackets(chain);
}

/** The cases of a chain have its name, and belong to one package. @throws InputError */
function checkNames(sources: readonly ChainSource[], packages: readonly Package[]): void {
	const seen = new Map<string, ChainSource>();
	for (const source of sources) {
		const teller = reportingPackage(source, packages)?.name;
		const key = JSON.stringify([teller, source.chain.name]);
		const other = seen.get(key);
		if (other)
			throw new InputError(
				source.file,
				`${source.pointer}/name`,
				`${JSON.stringify(source.chain.name)} is a chain of ${teller} already: ${other.file} ${other.pointer}`,
			);
		seen.set(key, source);
	}
}
