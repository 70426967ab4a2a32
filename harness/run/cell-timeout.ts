// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../data/package/package.js";
import { patience } from "../machine/vm/accelerator.js";

/** Most programs are verified within one patience; several cases need less. */
const steady = 5;
const casesEach = 10;

/**
 * Milliseconds that a package may take on one kernel: for each program and each ten cases as long
 * as a guest may be silent (15 s under KVM, 60 s under emulation), and five times that besides.
 */
export function defaultTimeout(
	{ objects }: Pick<Package, "objects">,
	cases: number,
	accelerator: string,
): number {
	const programs = objects.reduce((sum, object) => sum + object.programs.length, 0);
	return (
		(steady + programs + Math.ceil(cases / casesEach)) * (accelerator === "kvm" ? patience.kvm : patience.tcg)
	);
}

/** What of a run decides how long a package may take on a kernel. */
export interface CellTime {
	/** Milliseconds; default: `defaultTimeout`. */
	cellTimeout?: number | undefined;
	/** Milliseconds of all kernels together; default: `packageTimeoutOf`. */
	packageTimeout?: number | undefined;
	host: { accelerator: string };
}

/** The same, or what the user wants. */
export function timeoutOf(pkg: Package, cases: number, { cellTimeout, host }: CellTime): number {
	return cellTimeout ?? defaultTimeout(pkg, cases, host.accelerator);
}

/**
 * Milliseconds that a package may take on all kernels together: as long as two cells, and for each
 * kernel as long as a guest may be silent. The examples take 1 to 40 s a cell under emulation.
 */
export function packageTimeoutOf(pkg: Package, cases: number, kernels: number, time: CellTime): number {
	const silent = time.host.accelerator === "kvm" ? patience.kvm : patience.tcg;
	return time.packageTimeout ?? 2 * timeoutOf(pkg, cases, time) + kernels * silent;
}
