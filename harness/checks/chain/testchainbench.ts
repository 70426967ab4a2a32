// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPackage, type Package } from "../../data/package/package.js";
import type { Chain } from "../../data/package/sections/chain.js";
import type { Finding } from "../../lab/check.js";
import type { KernelPromise } from "../../lab/promise.js";
import { benchOf, contextOf } from "../../lab/testbench.js";
import { KernelFeatures } from "../../machine/features/source.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { agentPath } from "../../machine/guest/build.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { tailCallPromises } from "../../qualify/chains/tail-call-promises.js";
import { chainCheck } from "./chain.js";

const machines = new Machines({ agent: agentPath });
const features = new KernelFeatures({ guest: (kernel) => machines.clone(kernel), agent: agentPath });

/** Findings that are not a pass, as `case: message`. */
export function failures(findings: ReadonlyMap<string, Finding>): string[] {
	return [...findings.values()]
		.filter(({ outcome }) => outcome !== "pass")
		.map((finding) => `${finding.case}: ${finding.reason?.message}`);
}

/** A package of `testdata/<source>`, compiled, with these chains. */
export async function chainPackage(
	source: string,
	chains: readonly Chain[],
	name = "front",
): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-chain-"));
	try {
		await writeFile(
			join(folder, "front.bpf.o"),
			await compileBpf(join(import.meta.dirname, "testdata", source)),
		);
		const promised = chains.length > 0 ? { chains } : {};
		const manifest = { name, version: "1", objects: ["front.bpf.o"], ...promised };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** A clone of a kernel for one package after another; each must leave nothing behind. */
export async function chainBench(of: string | Kernel) {
	const kernel = typeof of === "string" ? await openKernel(of) : of;
	let guest = await machines.clone(kernel);
	const before = await guest.client.call("inventory", { settle: true });
	const bench = benchOf(kernel, async () => guest, {
		lack: (requirement) => features.lack(kernel, requirement),
		leftovers: async () => {
			const after = await guest.client.call("inventory", { settle: true });
			return (["programs", "maps", "links", "netdevs", "cgroups", "pins", "processes"] as const).flatMap(
				(kind) => {
					const had = new Set(before[kind].map((each) => JSON.stringify(each)));
					return after[kind].map((each) => JSON.stringify(each)).filter((each) => !had.has(each));
				},
			);
		},
		promises: async () => {
			const promises: KernelPromise[] = [];
			for await (const promise of tailCallPromises(guest)) promises.push(promise);
			return promises;
		},
		spoil: async () => {
			await guest.dispose();
			guest = await machines.clone(kernel);
		},
	});
	return {
		get guest() {
			return guest;
		},
		/** @throws Error when a finding is of no case that the check declares */
		async check(pkg: Package): Promise<Map<string, Finding>> {
			const findings = new Map<string, Finding>();
			const check = chainCheck.create(contextOf([pkg]));
			const declared = new Set(check.cases(pkg));
			for await (const finding of check.run(pkg, bench)) {
				if (!declared.has(finding.case) && !finding.case.endsWith("/leftovers"))
					throw new Error(`${finding.case} is not among the cases of the check`);
				findings.set(finding.case, finding);
			}
			return findings;
		},
		/** The first two cases, `configured` and `executed`, and no other. */
		async orders(pkg: Package, context = contextOf([pkg])): Promise<Finding[]> {
			const findings: Finding[] = [];
			for await (const finding of chainCheck.create(context).run(pkg, bench)) {
				findings.push(finding);
				if (findings.length === 2) break;
			}
			return findings;
		},
		dispose: () => guest.dispose(),
	};
}
