// SPDX-License-Identifier: Apache-2.0
import { neverRun } from "../../../data/vectors/program-type.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";

/**
 * Programs that must be loaded for a vector: its own, and those that it puts into program arrays.
 */
export function programsOf({ subject, before }: PreparedVector): string[] {
	const values = before.flatMap(({ entries }) => entries.map(({ value }) => value));
	const called = values.flatMap((value) => (value?.kind === "program" ? [value.program] : []));
	return [...new Set([subject.program.name, ...called])];
}

/** Why no kernel runs the vector's program by itself; undefined when one may. */
export function whyNever({ subject: { object, program, type } }: PreparedVector): string | undefined {
	const target = object.settings.programs?.[program.name]?.target;
	const name = target?.program ?? target?.function ?? program.meaning?.target ?? "";
	return neverRun(type, program.meaning?.attachType ?? "", name);
}

/** Whether a vector can be sent to the guest in which these programs are loaded. */
export function isReady(vector: PreparedVector, loaded: ReadonlyMap<string, unknown>): boolean {
	return whyNever(vector) === undefined && programsOf(vector).every((name) => loaded.has(name));
}
