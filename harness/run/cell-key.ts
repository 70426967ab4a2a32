// SPDX-License-Identifier: Apache-2.0
import { sha256, sha256File } from "../base/host-files.js";
import { programDigest } from "../base/program-digest.js";
import type { RunRecord } from "../base/results.js";
import type { Package } from "../data/package/package.js";
import type { ChainSource } from "../data/package/sections/chain-file.js";
import { agentPath } from "../machine/guest/build.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { CellTime } from "./cell-timeout.js";
import type { Demands } from "./demands.js";
import type { GuestWishes } from "./fitted-kernel.js";
import type { Asked } from "./work-cell.js";

/** What of a run decides the results of a cell. */
export interface KeyedRun extends Demands, CellTime {
	packages: readonly Package[];
	kernels: readonly Kernel[];
	chains?: readonly ChainSource[];
	guest?: GuestWishes;
	coverage?: boolean;
	host: Pick<RunRecord, "bpfgate" | "accelerator" | "qemu">;
}

/** A digest of a kernel with its modules, of its agent, and of the code that judges. */
export async function machineKey({ config, arch, ...kernel }: Kernel): Promise<string> {
	const { id, release, image_sha256, modules_sha256 } = kernel;
	const settings = config === undefined ? "" : await sha256File(config);
	const agent = await sha256File(agentPath(arch)).catch(() => "none");
	const parts = [id, release, arch, image_sha256, modules_sha256, settings, agent];
	return sha256(JSON.stringify([...parts, await programDigest()]));
}

/**
 * One digest of all that decides the results of a package on a kernel: its files, kernel, checks
 * and their cases, agent, QEMU, bpfgate and options. Equal keys: the results hold.
 * @param machine of the kernel: `machineKey`
 */
export function cellKey(
	pkg: Package,
	[kernel, machine]: readonly [Kernel, string],
	asked: readonly Asked[],
	run: KeyedRun,
): string {
	const { packages, kernels, chains = [], coverage = false, guest = {}, host } = run;
	const { cellTimeout, packageTimeout, require, failOnSkip, ignoreExpectations, filter } = run;
	const withOthers = asked.some((each) => each.run.casesWith !== undefined);
	const identity = {
		package: contentOf(pkg),
		others: withOthers ? [packages.map(contentOf), chains] : [],
		machine,
		host,
		checks: asked.map((each) => [each.check.name, each.run.cases(pkg)]),
		coverage: coverage && kernel === kernels.at(-1),
		options: { guest, cellTimeout, packageTimeout, require, failOnSkip, ignoreExpectations, filter },
	};
	return sha256(JSON.stringify(identity));
}

/** The package's files, and what the user has it read and loaded as. */
const contentOf = ({ name, version, sha256: digest, bare, objects, signatures }: Package) => [
	[name, version, digest, bare === true],
	objects.map(({ file, settings, dialect }) => [file, settings, dialect]),
	signatures.map(({ file, bytes }) => [file, sha256(bytes)]),
];
