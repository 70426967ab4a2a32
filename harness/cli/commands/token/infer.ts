// SPDX-License-Identifier: Apache-2.0

import { printableJson, printableLines } from "../../../base/printable.js";
import { areEnough, inferToken } from "../../../checks/token/token-inference.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { withModules } from "../../../lab/guest-modules.js";
import { kernelFor } from "../../../lab/guest-size.js";
import { chooseVariants } from "../../../lab/subject/attach/choose-variants.js";
import type { Action } from "../../terminal/command-table.js";
import { withKernels } from "./each-kernel.js";
import { declaredOf, type Inferred, inferJson, inferText, statusOf, together } from "./infer-text.js";

/** `bpfgate token infer`: sets `process.exitCode` as `statusOf` says. */
export const run: Action<"token infer"> = async ([path], options, { write, signal }) => {
	const { kernel, kernels, json, cellTimeout } = options;
	const wanted = kernel ?? kernels ?? ["default"];
	const inferred = await infer(await openPackage(String(path)), wanted, signal(), cellTimeout);
	const text = json ? printableJson(inferJson(inferred)) : inferText(inferred);
	write(`${json ? text : printableLines(text).join("\n")}\n`);
	process.exitCode = statusOf(inferred);
};

/** Asks each kernel; where they differ, tries on each what all need. @param cellTimeout seconds */
export async function infer(
	pkg: Package,
	wanted: readonly string[],
	signal: AbortSignal,
	cellTimeout?: number,
): Promise<Inferred> {
	return withKernels(wanted, signal, { pkg, cellTimeout }, async (plain, lend, functions) => {
		const fitted = plain.map((kernel) => withModules(kernelFor(kernel, pkg), [pkg], [], functions));
		const kernels = await Promise.all(fitted);
		const found: Inferred["kernels"] = [];
		for (const kernel of kernels)
			found.push({
				id: kernel.id,
				inference: await lend(kernel, async (bench) => inferToken(await chooseVariants(pkg, bench), bench)),
			});
		const needed = together(found);
		for (const [index, each] of found.entries()) {
			const { smallest } = each.inference;
			const kernel = kernels[index];
			if (!needed || !kernel || !smallest || JSON.stringify(smallest) === JSON.stringify(needed)) continue;
			const [enough] = await lend(kernel, async (bench) =>
				areEnough(await chooseVariants(pkg, bench), bench, [needed]),
			);
			if (enough !== undefined) each.enough = enough;
		}
		const { name, version, manifest } = pkg;
		return {
			package: { name, version, ...declaredOf(manifest.token) },
			kernels: found,
			...(needed ? { together: needed } : {}),
		};
	});
}
