// SPDX-License-Identifier: Apache-2.0

import { InputError, UndecidedError } from "../../../base/errors.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import { findMirrors, mirrorAddress } from "../../../machine/debian/mirrors.js";
import { readCatalog } from "../../../machine/kernel/catalog.js";
import { pullKernels } from "../../../machine/kernel/pull.js";
import type { Action } from "../../terminal/command-table.js";
import { pullProgress } from "./pull-progress.js";

export const run: Action<"kernels pull"> = async ([ids], options) => {
	const wanted = await wantedLines([ids ?? []].flat(), options.all ?? false);
	const archive = mirrorAddress("--mirror", options.mirror);
	const security = mirrorAddress("--security-mirror", options.securityMirror);
	const progress = pullProgress(process.stderr);
	const errors = await pullKernels(wanted, {
		// A mirror is needed only when a kernel has to be fetched.
		mirrors: () => findMirrors({ archive, security }),
		force: options.force ?? false,
		update: options.update ?? false,
		onEvent: progress.event,
	}).finally(progress.end);
	const [first] = errors;
	if (!first) return;
	if (errors.length === 1) throw first;
	for (const error of errors) process.stderr.write(`${error.message}\n`);
	const advice = first instanceof UndecidedError ? first.hint : first.message;
	throw undecided("kernels-not-pulled", { failed: errors.length, wanted: wanted.length, advice });
};

async function wantedLines(ids: readonly string[], all: boolean): Promise<string[]> {
	const catalog = await readCatalog();
	if (all && ids.length > 0) throw new InputError("--all", "", "cannot be combined with names");
	const every = catalog.lines.map((line) => line.id);
	const unknown = ids.find((id) => !every.includes(id));
	if (unknown !== undefined)
		throw new InputError(`kernel ${unknown}`, "", `is not in the catalog; known are ${every.join(", ")}`);
	if (all) return every;
	return ids.length > 0 ? [...ids] : catalog.default;
}
