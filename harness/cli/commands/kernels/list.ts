// SPDX-License-Identifier: Apache-2.0
import { printable } from "../../../base/printable.js";
import { listKernels } from "../../../machine/kernel/list.js";
import type { Action } from "../../terminal/command-table.js";
import { table } from "../../terminal/table.js";

/** `bpfgate kernels list` */
export const run: Action<"kernels list"> = async (_, { json }, { write }) => {
	const kernels = await listKernels();
	if (json) {
		write(`${JSON.stringify({ kernels }, null, "\t")}\n`);
		return;
	}
	const rows = kernels.map((kernel) => [
		`${kernel.id}${kernel.default ? " *" : ""}`,
		kernel.release ?? (kernel.problem === undefined ? "not here" : "broken"),
		kernel.image_sha256?.slice(0, 12) ?? "",
		kernel.bytes === undefined ? "" : `${(kernel.bytes / 1024 / 1024).toFixed(1)} MiB`,
		kernel.source ?? kernel.suites?.join(", ") ?? "",
	]);
	const header = ["kernel", "release", "image sha256", "size", "from"];
	const problems = kernels.flatMap(({ problem }) => (problem === undefined ? [] : [printable(problem)]));
	write(`${[table([header, ...rows]), "* tested by default", ...problems].join("\n")}\n`);
};
