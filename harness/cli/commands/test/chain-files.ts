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

/**
 * The chains of chain files, when these and the chains in the packages' manifests mean programs
 * that are there.
 *
 * @param files as given with `--chain`
 * @param named whether the check was named: then there must be a chain, and every package that one
 * names
 * @throws AggregateError of an InputError for each chain or file that is wrong
 */
export async function openChains(
	files: readonly string[],
	packages: readonly Package[],
	named: boolean,
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
	const all = [...chainsOf(packages), ...fromFiles];
	for (const source of all) {
		// A package can be tested without those beside which it is to stand; its chain is then
		// skipped.
		const optional = source.owner !== undefined && !named;
		if (optional && absentPackages(source, packages).length > 0) continue;
		await collect(() => checkChain(source, packages));
	}
	if (errors.length === 0) await collect(() => checkNames(all, packages));
	if (named && all.length === 0 && errors.length === 0)
		errors.push(
			new InputError(
				"--check chain",
				"",
				`there is no chain: neither in ${packages.map(({ path }) => path).join(", ")} nor with --chain`,
			),
		);
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
