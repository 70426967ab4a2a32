// SPDX-License-Identifier: Apache-2.0
import { bpffs } from "../../data/package/manifest/manifest.js";
import type { Package } from "../../data/package/package.js";
import type { ChainSource } from "../../data/package/sections/chain-file.js";
import { label } from "./chain-entry.js";
import { ending } from "./execution.js";
import { absentPackages, type DeclaredChain, declaredChain } from "./model/declared-chain.js";
import { sharedPins } from "./model/member-pins.js";

const orders = ["configured", "executed"];
const ordersOfLoader = ["loader", ...orders];

/** All cases of a chain, in the order in which they run; they are the same on every kernel. */
export function casesOf(source: ChainSource, packages: readonly Package[]): string[] {
	const { name, loader } = source.chain;
	// Without their packages nothing is known of the members.
	if (absentPackages(source, packages).length > 0)
		return (loader ? ordersOfLoader : orders).map((each) => `${name}/${each}`);
	const chain = declaredChain(source, packages, new Set());
	if (chain.loader) return ordersOfLoader.map((each) => `${name}/${each}`);
	const promises = chain.mechanism === "tail_call" ? [`${name}/promises`] : [];
	return [...sharedPins(chain).map(({ path }) => pinCase(chain, path)), ...builtCases(chain), ...promises];
}

/** The cases that need the chain in the guest. What prevents that is the result of the first. */
export function builtCases(chain: DeclaredChain): [string, ...string[]] {
	const { name, members } = chain;
	const entries = members.map((member) => ({ member, program: "first" as const }));
	const ofEach = (change: string, of = entries) => of.map((entry) => `${change}/${label(entry)}`);
	const later = [
		...ofEach(
			"end-at-member",
			entries.filter((entry) => ending(chain, entry) !== undefined),
		),
		...["insert", "remove", "without-member", "replace"].flatMap((change) => ofEach(change)),
		...(members.length < 2 ? ["rebuild"] : ["reorder", "rebuild", "attach-orders"]),
		"replace-under-traffic",
	];
	const [first, ...others] = [...orders, ...later].map((each) => `${name}/${each}`);
	return [first!, ...others];
}

/** The case of a pin that several objects of the chain share. @param path in bpffs */
export const pinCase = ({ name }: DeclaredChain, path: string) =>
	`${name}/pin/${path.slice(bpffs.length + 1)}`;
