// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../base/errors.js";
import type { Check } from "./check.js";

/**
 * A check of your own, to pass to `testPackages` beside or in place of the built-in `checks`.
 *
 * @example
 * const small = defineCheck({
 * 	name: "small",
 * 	summary: "is every object smaller than 64 KiB?",
 * 	suits: () => true,
 * 	create: () => ({
 * 		cases: (pkg) => pkg.objects.map(({ file }) => file),
 * 		async *run(pkg) {
 * 			for (const { file, bytes } of pkg.objects) yield { case: file, ...sizeOf(bytes) };
 * 		},
 * 	}),
 * });
 * @returns the same check
 * @throws InputError for a name that results and the command line cannot have
 */
export function defineCheck(check: Check): Check {
	const { name, summary } = check;
	if (!/^[a-z][a-z0-9-]{0,63}$/.test(name))
		throw new InputError(
			`check ${JSON.stringify(name)}`,
			"name",
			"must match [a-z][a-z0-9-]*, 64 characters at most",
		);
	if (summary === "")
		throw new InputError(`check ${name}`, "summary", "is empty; say what the check answers");
	return check;
}
