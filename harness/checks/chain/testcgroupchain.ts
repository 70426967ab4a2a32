// SPDX-License-Identifier: Apache-2.0

import type { Package } from "../../data/package/package.js";
import type { Chain, ChainMember } from "../../data/package/sections/chain.js";
import { parseChainFile } from "../../data/package/sections/chain-file.js";
import { type DeclaredChain, declaredChain } from "./model/declared-chain.js";
import type { CgroupHook } from "./socket-calls.js";
import { chainPackage } from "./testchainbench.js";

/** testdata/cgroup-members.bpf.c as a package. */
export function cgroupPackage(chains: readonly Chain[] = []): Promise<Package> {
	return chainPackage("cgroup-members.bpf.c", chains, "members");
}

/** A chain of its programs. @param members their last letters; `no` alone denies */
export function cgroupChain(
	pkg: Package,
	hook: CgroupHook,
	members: readonly (string | [string, Pick<ChainMember, "cgroup" | "preorder">])[],
): DeclaredChain {
	const prefix = hook.slice("cgroup_".length);
	const chain = {
		name: "chain",
		hook,
		members: members.map((member) => {
			const [name, more] = typeof member === "string" ? [member, {}] : member;
			return { program: { package: pkg.name, program: `${prefix}_${name}` }, ...more };
		}),
	};
	const [source] = parseChainFile("chain.json", Buffer.from(JSON.stringify({ chains: [chain] })));
	return declaredChain(source!, [pkg], new Set(["cgroup"]));
}
