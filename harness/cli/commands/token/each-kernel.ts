// SPDX-License-Identifier: Apache-2.0
import type { Workbench } from "../../../lab/check.js";
import { CellWorkbench } from "../../../lab/workbench.js";
import { KernelFeatures } from "../../../machine/features/source.js";
import { agentPath } from "../../../machine/guest/build.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import { Machines } from "../../../machine/vm/machine.js";
import { GuestPool } from "../../../machine/vm/pool.js";
import { chooseKernels } from "../choose-kernels.js";

/** Lends a workbench of a kernel for as long as `work` takes, and ends its guest. */
export type Lend = <T>(kernel: Kernel, work: (bench: Workbench) => Promise<T>) => Promise<T>;

/**
 * Lends guests of kernels, one after the other.
 *
 * @param wanted ids; `default` and `all` as elsewhere
 * @throws InputError for an unknown kernel, UndecidedError for one that is not here
 */
export async function withKernels<T>(
	wanted: readonly string[],
	signal: AbortSignal,
	work: (kernels: Kernel[], lend: Lend) => Promise<T>,
): Promise<T> {
	const kernels = await chooseKernels([...wanted]);
	const machines = new Machines({ agent: agentPath, signal });
	const guest = (kernel: Kernel) => machines.clone(kernel);
	const features = new KernelFeatures({ guest, agent: agentPath });
	const pool = new GuestPool({ jobs: 1, fresh: guest });
	const end = () => void pool.close();
	signal.addEventListener("abort", end);
	const lent = { guests: pool, features, signal, fresh: new Map() };
	try {
		return await work(kernels, async (kernel, use) => {
			pool.expect(kernel);
			const bench = new CellWorkbench(kernel, lent);
			try {
				return await use(bench);
			} finally {
				await bench.retire();
			}
		});
	} finally {
		signal.removeEventListener("abort", end);
		await pool.close();
	}
}
