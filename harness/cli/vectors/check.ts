// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { openPackage, type Package } from "../../package/package.js";
import { suiteOf } from "../../vectors/suite.js";

/** `bpfgate vectors check`: whether the vector files of packages are valid, without a kernel. */
export function checkCommand(): Command {
	return new Command("check")
		.description("read vector files and hold them against their objects, without a kernel")
		.argument("<package...>", "folder with a bpfgate.json, or archive of one")
		.action(async (paths: string[]) => {
			const packages = await Promise.all(paths.map((path) => openPackage(path)));
			for (const pkg of packages) {
				const { vectors, invalid } = suiteOf(pkg);
				const wrong = invalid.length === 0 ? "" : `; ${invalid.length} of its files are wrong`;
				process.stdout.write(`${pkg.name}: ${vectors.length} cases${wrong}\n`);
			}
			assertSuite(...packages);
		});
}

/** @throws AggregateError of an InputError for each mistake in a vector file */
export function assertSuite(...packages: Package[]): void {
	const errors = packages.flatMap((pkg) => suiteOf(pkg).invalid.flatMap((file) => file.errors));
	if (errors.length > 0) throw new AggregateError(errors);
}
