// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { printableLines } from "../../../base/printable.js";
import { areEnough, inferToken } from "../../../checks/token/token-inference.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { withKernels } from "./each-kernel.js";
import { declaredOf, type Inferred, inferJson, inferText, statusOf, together } from "./infer-text.js";
import { kernelsOption } from "./kernels-option.js";

interface InferOptions {
	kernels: string[];
	json?: boolean;
}

/** `bpfgate token infer`: sets `process.exitCode` as `statusOf` says. */
export function inferCommand(signal: () => AbortSignal): Command {
	return new Command("infer")
		.description("find the smallest BPF token with which a package works, by trying")
		.argument("<package>", "folder with a bpfgate.json, archive of one, or ELF object")
		.addOption(kernelsOption())
		.option("--json", "print JSON")
		.addHelpText(
			"after",
			"\nExit status 1: the manifest declares another token. 3: none was found on any kernel; before 6.9 there are none.",
		)
		.action(async (path: string, { kernels, json }: InferOptions) => {
			const inferred = await infer(await openPackage(path), kernels, signal());
			const text = json ? JSON.stringify(inferJson(inferred), null, "\t") : inferText(inferred);
			process.stdout.write(`${json ? text : printableLines(text).join("\n")}\n`);
			process.exitCode = statusOf(inferred);
		});
}

/**
 * Asks each kernel, and where they differ whether all that they need together is enough for each.
 */
export async function infer(pkg: Package, wanted: readonly string[], signal: AbortSignal): Promise<Inferred> {
	return withKernels(wanted, signal, async (kernels, lend) => {
		const found: Inferred["kernels"] = [];
		for (const kernel of kernels)
			found.push({ id: kernel.id, inference: await lend(kernel, (bench) => inferToken(pkg, bench)) });
		const needed = together(found);
		for (const [index, each] of found.entries()) {
			const { smallest } = each.inference;
			const kernel = kernels[index];
			if (!needed || !kernel || !smallest || JSON.stringify(smallest) === JSON.stringify(needed)) continue;
			const [enough] = await lend(kernel, (bench) => areEnough(pkg, bench, [needed]));
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
