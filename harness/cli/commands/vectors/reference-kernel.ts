// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../../../base/errors.js";
import type { Package } from "../../../data/package/package.js";
import { suiteOf } from "../../../data/vectors/suite.js";
import { CellLimit } from "../../../lab/cell-limit.js";
import type { Workbench } from "../../../lab/check.js";
import { withModules } from "../../../lab/guest-modules.js";
import { kernelFor } from "../../../lab/guest-size.js";
import { createLab } from "../../../lab/lab.js";
import { unmet } from "../../../lab/requirements.js";
import { readCatalog } from "../../../machine/kernel/catalog.js";
import { chooseKernels } from "../../../machine/kernel/choose-kernels.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import { defaultTimeout } from "../../../run/cell-timeout.js";

/** Times that the vectors run: twice to record them, then with what was recorded. */
const rounds = 3;

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
 * @param cellTimeout seconds that the work may take; default: derived from programs and vectors
 * @throws InputError for an unknown kernel, or one that the package is not for; UndecidedError for
 * one that is not here
 */
export async function withKernel<T>(
	id: string,
	pkg: Package,
	{ signal, cellTimeout }: { signal: AbortSignal; cellTimeout?: number | undefined },
	work: (kernel: Kernel, fresh: Fresh) => Promise<T>,
): Promise<T> {
	const [kernel] = await chooseKernels([id]);
	if (!kernel || kernel.id !== id)
		throw new InputError("--kernel", "", `${JSON.stringify(id)} does not name a single kernel`);
	await using lab = createLab({ signal });
	const lacking = await unmet(pkg.manifest, kernel, lab.features);
	if (lacking) throw new InputError("--kernel", id, lacking.reason?.message ?? "is not for this package");
	const fitted = await withModules(kernelFor(kernel, pkg), [pkg], [], lab.functions);
	const { accelerator } = await lab.host(kernel);
	const usual = rounds * defaultTimeout(pkg, suiteOf(pkg).vectors.length, accelerator);
	const limit = new CellLimit(kernel.id, cellTimeout === undefined ? usual : cellTimeout * 1000);
	const fresh = async () => {
		lab.guests.expect(fitted);
		return lab.bench(fitted, limit);
	};
	try {
		return await limit.bounded(work(kernel, fresh));
	} finally {
		limit.close();
	}
}
