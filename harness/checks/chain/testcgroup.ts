// SPDX-License-Identifier: Apache-2.0
import { type DeclaredChain, declaredChain } from "../../chain/declared.js";
import { parseChainFile } from "../../chain/read.js";
import type { Chain, ChainMember } from "../../package/chain.js";
import type { Package } from "../../package/package.js";
import type { CgroupHook } from "./socket-calls.js";
import { chainPackage } from "./testbench.js";

/** testdata/cgroup-members.bpf.c as a package. */
export function cgroupPackage(chains: readonly Chain[] = []): Promise<Package> {
	return chainPackage("cgroup-members.bpf.c", chains, "members");
}

/**
 * A chain of its programs.
 *
 * @param members by the last part of their names: `a`, `b`, `c` and `no`, which alone says no
 */
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
