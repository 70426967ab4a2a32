// SPDX-License-Identifier: Apache-2.0
import { neverRun } from "../../../data/vectors/program-type.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";

/** Programs that a vector needs loaded: its own, and those that it puts into program arrays. */
export function programsOf({ subject, before }: PreparedVector): string[] {
	const arrays = before.filter(({ model }) => model.type === "prog_array");
	const values = arrays.flatMap(({ entries }) => entries.map(({ value }) => value));
	const called = values.flatMap((value) => (value?.kind === "program" ? [value.program] : []));
	return [...new Set([subject.program.name, ...called])];
}

/** Why no kernel test-runs the vector's program; undefined when some kernel may. */
export function whyNever({ subject: { object, program, type } }: PreparedVector): string | undefined {
	const target = object.settings.programs?.[program.name]?.target;
	const name = target?.program ?? target?.function ?? program.meaning?.target ?? "";
	return neverRun(type, program.meaning?.attachType ?? "", name);
}

/** True if a vector can run in a guest in which these programs are loaded. */
export function isReady(vector: PreparedVector, loaded: ReadonlyMap<string, unknown>): boolean {
	return whyNever(vector) === undefined && programsOf(vector).every((name) => loaded.has(name));
}
