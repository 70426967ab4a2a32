// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from "node:os";
import { InputError } from "../../../base/errors.js";
import { printable, printableJson } from "../../../base/printable.js";
import { broken, type PromiseArea } from "../../../lab/promise.js";
import { chooseKernels } from "../../../machine/kernel/choose-kernels.js";
import { type Answered, qualifyKernels } from "../../../run/qualify-kernels.js";
import { questions } from "../../../run/questions.js";
import type { Action } from "../../terminal/command-table.js";
import { table } from "../../terminal/table.js";
import { qualifyProgress } from "./qualify-progress.js";

const areas = questions.map(({ area }) => area);

/** `bpfgate kernels qualify`: status 1 for a broken promise, 3 for a kernel that was not asked. */
export const run: Action<"kernels qualify"> = async ([ids], { area, json }, { write, signal }) => {
	const asked = area === undefined ? undefined : areaNamed(area);
	const wanted = [ids ?? []].flat();
	const kernels = await chooseKernels(wanted.length > 0 ? wanted : ["default"]);
	const progress = qualifyProgress(process.stderr);
	const rows = await qualifyKernels(kernels, {
		...(asked ? { areas: [asked] } : {}),
		jobs: availableParallelism(),
		signal: signal(),
		onAsk: progress.on,
	}).finally(progress.end);
	write(json ? `${printableJson(rows.map(toJson))}\n` : textOf(rows));
	const failed = rows.some(({ promises = [] }) => broken(promises).length > 0);
	process.exitCode = failed ? 1 : rows.some(({ error }) => error) ? 3 : 0;
};

function areaNamed(text: string): PromiseArea {
	const found = areas.find((area) => area === text);
	if (!found)
		throw new InputError("--area", "", `unknown area ${JSON.stringify(text)}; known are ${areas.join(", ")}`);
	return found;
}

function toJson({ kernel, area, promises, error }: Answered) {
	const { code, message, hint } = error ?? {};
	return { kernel, area, ...(promises ? { promises } : { reason: { code, message, hint } }) };
}

function textOf(rows: readonly Answered[]): string {
	const cells = rows.map(({ kernel, area, promises, error }) => {
		if (!promises) return [kernel, area, "error", "", "", printable(error?.message ?? "")];
		const weak = promises.filter(({ kept, weakness }) => kept && weakness !== undefined);
		const lacking = promises.filter(({ lack }) => lack !== undefined);
		const kept = promises.filter((promise) => promise.kept);
		return [kernel, area, ...[kept, weak, broken(promises), lacking].map(({ length }) => String(length))];
	});
	const details = rows.flatMap(({ kernel, promises = [] }) =>
		broken(promises).map(
			({ name, promise, expected, seen }) =>
				`${kernel}: ${name}: ${promise}: expected ${expected}, found ${seen}`,
		),
	);
	const header = ["kernel", "area", "kept", "weak", "broken", "not asked"];
	return `${[table([header, ...cells]), ...details.map(printable)].join("\n")}\n`;
}
