// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../../../base/errors.js";
import type { Package } from "../../../data/package/package.js";
import type { Workbench } from "../../../lab/check.js";
import { withModules } from "../../../lab/guest-modules.js";
import { kernelFor } from "../../../lab/guest-size.js";
import { createLab } from "../../../lab/lab.js";
import { unmet } from "../../../lab/requirements.js";
import { readCatalog } from "../../../machine/kernel/catalog.js";
import { chooseKernels } from "../../../machine/kernel/choose-kernels.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";

/** Makes a workbench with unused guests. */
export type Fresh = () => Promise<Workbench & { retire(): Promise<unknown> }>;

/** The newest of the default kernels. */
export async function newestDefault(): Promise<string> {
	const lines = (await readCatalog()).default;
	const [newest = ""] = [...lines].sort((a, b) => {
		const [majorA = 0, minorA = 0] = a.split(".").map(Number);
		const [majorB = 0, minorB = 0] = b.split(".").map(Number);
		return majorB - majorA || minorB - minorA;
	});
	return newest;
}

/**
 * Lends guests of one kernel, one at a time.
 *
 * @throws InputError for an unknown kernel, or one that the package is not for; UndecidedError for
 * one that is not here
 */
export async function withKernel<T>(
	id: string,
	pkg: Package,
	signal: AbortSignal,
	work: (kernel: Kernel, fresh: Fresh) => Promise<T>,
): Promise<T> {
	const [kernel] = await chooseKernels([id]);
	if (!kernel || kernel.id !== id)
		throw new InputError("--kernel", "", `${JSON.stringify(id)} does not name a single kernel`);
	await using lab = createLab({ signal });
	const lacking = await unmet(pkg.manifest, kernel, lab.features);
	if (lacking) throw new InputError("--kernel", id, lacking.reason?.message ?? "is not for this package");
	const fitted = await withModules(kernelFor(kernel, pkg), [pkg], [], lab.functions);
	return await work(kernel, async () => {
		lab.guests.expect(fitted);
		return lab.bench(fitted);
	});
}
