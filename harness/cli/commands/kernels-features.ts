// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { compareFeatures } from "../../machine/features/compare.js";
import type { Features } from "../../machine/features/features.js";
import { KernelFeatures } from "../../machine/features/source.js";
import { agentPath } from "../../machine/guest/build.js";
import { Machines } from "../../machine/vm/machine.js";
import { table } from "../terminal/table.js";
import { chooseKernels } from "./choose-kernels.js";

/** `bpfgate kernels features <id>...` */
export function featuresCommand(): Command {
	return new Command("features")
		.description("ask running kernels what they have")
		.argument("<id...>", "kernels; `default` and `all` stand for those of the catalog")
		.option("--json", "print JSON: a list with one entry a kernel")
		.option("--all", "show what all kernels agree on, too")
		.action(async (ids: string[], options: { json?: boolean; all?: boolean }) => {
			const kernels = await chooseKernels(ids);
			const machines = new Machines({ agent: agentPath });
			const source = new KernelFeatures({ agent: agentPath, guest: (kernel) => machines.boot(kernel) });
			const features: Features[] = [];
			for (const kernel of kernels) features.push(await source.features(kernel));
			if (options.json) {
				process.stdout.write(`${JSON.stringify(features, null, "\t")}\n`);
				return;
			}
			const rows = compareFeatures(features, options.all !== true && features.length > 1);
			const header = ["", ...features.map((each) => each.kernel.id)];
			process.stdout.write(`${table([header, ...rows.map(({ name, cells }) => [name, ...cells])])}\n`);
		});
}
