// SPDX-License-Identifier: Apache-2.0
import type { Workbench } from "../../../lab/check.js";
import { createLab } from "../../../lab/lab.js";
import type { KernelFunctions } from "../../../machine/features/functions.js";
import { chooseKernels } from "../../../machine/kernel/choose-kernels.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";

/** Lends a workbench on a kernel while `work` runs, then ends its guest. */
export type Lend = <T>(kernel: Kernel, work: (bench: Workbench) => Promise<T>) => Promise<T>;

/**
 * Lends guests of kernels, one after the other.
 *
 * @param wanted ids; `default` and `all` as elsewhere
 * @throws InputError for an unknown kernel, UndecidedError for one that is not pulled
 */
export async function withKernels<T>(
	wanted: readonly string[],
	signal: AbortSignal,
	work: (kernels: Kernel[], lend: Lend, functions: KernelFunctions) => Promise<T>,
): Promise<T> {
	const kernels = await chooseKernels([...wanted]);
	await using lab = createLab({ signal });
	return await work(kernels, lab.withBench, lab.functions);
}
