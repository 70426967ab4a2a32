// SPDX-License-Identifier: Apache-2.0

import { UndecidedError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { readCatalog } from "./catalog.js";
import type { Kernel } from "./kernel.js";
import { openKernel } from "./store.js";

/**
 * The kernels that a command line names (`default`, `all`, ids), each once, from the store.
 * @throws InputError for an unknown kernel; UndecidedError for one that is not here or damaged
 */
export async function chooseKernels(wanted: string[]): Promise<Kernel[]> {
	const catalog = await readCatalog();
	const groups = new Map([
		["default", catalog.default],
		["all", catalog.lines.map(({ id }) => id)],
	]);
	const ids = new Set(wanted.flatMap((name) => groups.get(name) ?? [name]));
	const opened = await Promise.allSettled([...ids].map((id) => openKernel(id)));
	const errors = opened.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
	const other = errors.find((error) => !isNotPulled(error));
	if (other !== undefined) throw other;
	if (errors.length > 0) {
		const kernels = [...ids].filter((_, index) => opened[index]?.status === "rejected");
		throw undecided("kernel-not-pulled", { kernels });
	}
	return opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

function isNotPulled(error: unknown): boolean {
	return error instanceof UndecidedError && error.code === "kernel-not-pulled";
}
