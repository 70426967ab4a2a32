// SPDX-License-Identifier: Apache-2.0
import { printableJson } from "../../../base/printable.js";
import { compareFeatures } from "../../../machine/features/compare.js";
import type { Features } from "../../../machine/features/features.js";
import { KernelFeatures } from "../../../machine/features/source.js";
import { agentPath } from "../../../machine/guest/build.js";
import { chooseKernels } from "../../../machine/kernel/choose-kernels.js";
import { Machines } from "../../../machine/vm/machine.js";
import type { Action } from "../../terminal/command-table.js";
import { table } from "../../terminal/table.js";

export const run: Action<"kernels features"> = async ([ids], { json, all }, { write }) => {
	const kernels = await chooseKernels([ids ?? []].flat());
	const machines = new Machines({ agent: agentPath });
	const source = new KernelFeatures({ agent: agentPath, guest: (kernel) => machines.boot(kernel) });
	const features: Features[] = [];
	for (const kernel of kernels) features.push(await source.features(kernel));
	if (json) {
		write(`${printableJson(features)}\n`);
		return;
	}
	const rows = compareFeatures(features, all !== true && features.length > 1);
	const header = ["", ...features.map((each) => each.kernel.id)];
	write(`${table([header, ...rows.map(({ name, cells }) => [name, ...cells])])}\n`);
};
