// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../../../data/package/package.js";
import type { Workbench } from "../../../lab/check.js";
import { createLab, firstKernel } from "../../../lab/lab.js";
import type { KernelFunctions } from "../../../machine/features/functions.js";
import { chooseKernels } from "../../../machine/kernel/choose-kernels.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import { defaultTimeout } from "../../../run/cell-timeout.js";

/** What the most time for one kernel follows from. */
interface Bounds {
	pkg?: Package;
	/** Seconds: the user's wish. */
	cellTimeout?: number | undefined;
}

/** There are some 200 names that a token can grant; each may be tried a few times. */
const trials = 1000;

/** Lends a workbench on a kernel while `work` runs, then ends its guest. */
export type Lend = <T>(kernel: Kernel, work: (bench: Workbench) => Promise<T>) => Promise<T>;

/**
 * Lends guests of kernels, one after the other.
 * @param wanted ids; `default` and `all` as elsewhere
 * @throws InputError for an unknown kernel; UndecidedError for one that is not pulled, or when the
 * time is over
 */
export async function withKernels<T>(
	wanted: readonly string[],
	signal: AbortSignal,
	{ pkg, cellTimeout }: Bounds,
	work: (kernels: Kernel[], lend: Lend, functions: KernelFunctions) => Promise<T>,
): Promise<T> {
	const kernels = await chooseKernels([...wanted]);
	await using lab = createLab({ signal });
	const { accelerator } = await lab.host(firstKernel(kernels));
	const usual = defaultTimeout(pkg ?? { objects: [] }, trials, accelerator);
	const timeout = cellTimeout === undefined ? usual : cellTimeout * 1000;
	const lend: Lend = (kernel, onBench) => lab.withBench(kernel, onBench, timeout);
	return await work(kernels, lend, lab.functions);
}
