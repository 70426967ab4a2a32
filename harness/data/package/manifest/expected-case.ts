// SPDX-License-Identifier: Apache-2.0
import { wildcard } from "./wildcard.js";

/** Parts of names of cases that no package excuses. */
const inexcusable = ["kernel-log", "leftovers", "capability"];

/**
 * A test for the cases, `load/program/a`, that an entry of `expect.failures` names: `*` stands for
 * characters of one part, and never for the check.
 */
export function expectedCases(pattern: string): (name: string) => boolean {
	const [check, ...wanted] = pattern.split("/");
	const matches = wanted.map(wildcard);
	return (name) => {
		const [head, ...parts] = name.split("/");
		if (head !== check || parts.length !== matches.length) return false;
		if (parts.some((part) => inexcusable.includes(part))) return false;
		return parts.every((part, index) => matches[index]?.(part));
	};
}

/** What is wrong with a pattern that can name no case; undefined if nothing is. */
export function badExpectation(pattern: string): string | undefined {
	const [check = "", ...parts] = pattern.split("/");
	if (check.includes("*")) return "must begin with the name of a check";
	const part = inexcusable.find((each) => parts.includes(each));
	return part === undefined ? undefined : `names ${part} cases, which a package cannot announce`;
}
