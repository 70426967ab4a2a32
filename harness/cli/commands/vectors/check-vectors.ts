// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { suiteOf } from "../../../data/vectors/suite.js";
import type { Action } from "../../terminal/command-table.js";
import { counted } from "../../terminal/table.js";

/** `bpfgate vectors check`: whether the vector files of packages are valid, without a kernel. */
export const run: Action<"vectors check"> = async ([paths], _, { write }) => {
	const opened = await Promise.allSettled([paths ?? []].flat().map((path) => openPackage(path)));
	const errors = opened.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
	const other = errors.find((error) => !(error instanceof InputError));
	if (other !== undefined) throw other;
	const packages = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
	for (const pkg of packages) {
		const { vectors, invalid } = suiteOf(pkg);
		const wrong = invalid.length === 0 ? "" : `; ${counted(invalid.length, "invalid file")}`;
		write(`${pkg.name}: ${counted(vectors.length, "case")}${wrong}\n`);
	}
	errors.push(...mistakesIn(packages));
	if (errors.length > 0) throw new AggregateError(errors);
};

/** @throws AggregateError of an InputError for each mistake in a vector file */
export function assertSuite(pkg: Package): void {
	const errors = mistakesIn([pkg]);
	if (errors.length > 0) throw new AggregateError(errors);
}

const mistakesIn = (packages: readonly Package[]): InputError[] =>
	packages.flatMap((pkg) => suiteOf(pkg).invalid.flatMap(({ errors }) => errors));
