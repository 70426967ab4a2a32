// SPDX-License-Identifier: Apache-2.0
import { printable, printableJson } from "../../../base/printable.js";
import { broken } from "../../../lab/promise.js";
import { listKernels } from "../../../machine/kernel/list.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { keptAnswers } from "../../../qualify/kept.js";
import { questions } from "../../../run/questions.js";
import type { Action } from "../../terminal/command-table.js";
import { table } from "../../terminal/table.js";

export const run: Action<"kernels list"> = async (_, { json }, { write }) => {
	const kernels = await Promise.all(
		(await listKernels()).map(async (kernel) => ({
			...kernel,
			...(kernel.here ? { qualified: await qualifiedText(kernel.id) } : {}),
		})),
	);
	if (json) {
		write(`${printableJson({ kernels })}\n`);
		return;
	}
	const rows = kernels.map((kernel) => [
		`${kernel.id}${kernel.default ? " *" : ""}`,
		kernel.release ?? (kernel.problem === undefined ? "not here" : "broken"),
		kernel.image_sha256?.slice(0, 12) ?? "",
		kernel.bytes === undefined ? "" : `${(kernel.bytes / 1024 / 1024).toFixed(1)} MiB`,
		kernel.qualified ?? "",
		kernel.source ?? kernel.suites?.join(", ") ?? "",
	]);
	const header = ["kernel", "release", "image sha256", "size", "qualified", "from"];
	const problems = kernels.flatMap(({ problem }) => (problem === undefined ? [] : [printable(problem)]));
	write(`${[table([header, ...rows]), "* tested by default", ...problems].join("\n")}\n`);
};

/** What is known of the kernel's promises, without asking it. */
async function qualifiedText(id: string): Promise<string> {
	const kernel = await openKernel(id).catch(() => undefined);
	const kept = await Promise.all(questions.map((question) => kernel && keptAnswers(kernel, question)));
	const known = kept.filter((promises) => promises !== undefined);
	const wrong = known.flatMap((promises) => broken(promises)).length;
	if (wrong > 0) return `${wrong} broken`;
	return known.length === 0 ? "no" : known.length < questions.length ? "partly" : "yes";
}
