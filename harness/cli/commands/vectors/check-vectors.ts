// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { InputError } from "../../../base/errors.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { suiteOf } from "../../../data/vectors/suite.js";

/** `bpfgate vectors check`: whether the vector files of packages are valid, without a kernel. */
export function checkCommand(): Command {
	return new Command("check")
		.description("read vector files and hold them against their objects, without a kernel")
		.argument("<package...>", "folder with a bpfgate.json, or archive of one")
		.action(async (paths: string[]) => {
			const opened = await Promise.allSettled(paths.map((path) => openPackage(path)));
			const errors = opened.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
			const other = errors.find((error) => !(error instanceof InputError));
			if (other !== undefined) throw other;
			const packages = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
			for (const pkg of packages) {
				const { vectors, invalid } = suiteOf(pkg);
				const wrong = invalid.length === 1 ? "; 1 file is wrong" : `; ${invalid.length} files are wrong`;
				process.stdout.write(
					`${pkg.name}: ${vectors.length} ${vectors.length === 1 ? "case" : "cases"}${invalid.length === 0 ? "" : wrong}\n`,
				);
			}
			errors.push(...mistakesIn(packages));
			if (errors.length > 0) throw new AggregateError(errors);
		});
}

/** @throws AggregateError of an InputError for each mistake in a vector file */
export function assertSuite(pkg: Package): void {
	const errors = mistakesIn([pkg]);
	if (errors.length > 0) throw new AggregateError(errors);
}

const mistakesIn = (packages: readonly Package[]): InputError[] =>
	packages.flatMap((pkg) => suiteOf(pkg).invalid.flatMap(({ errors }) => errors));
