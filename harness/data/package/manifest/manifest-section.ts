// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from "@sinclair/typebox";
import { InputError } from "../../../base/errors.js";
import { validator } from "../../../base/validate.js";

/** A part of the manifest that belongs to a check. */
export interface ManifestSection {
	/** Key in `bpfgate.json`. */
	readonly key: string;
	readonly schema: TSchema;
}

/**
 * Takes the given sections out of a manifest.
 * @throws InputError with the JSON pointer of what is wrong in a section
 */
export function takeSections(
	file: string,
	value: unknown,
	sections: readonly ManifestSection[],
): { rest: unknown; taken: Record<string, unknown> } {
	const taken: Record<string, unknown> = {};
	if (typeof value !== "object" || value === null || Array.isArray(value)) return { rest: value, taken };
	const rest: Record<string, unknown> = { ...value };
	for (const { key, schema } of sections) {
		if (!Object.hasOwn(rest, key)) continue;
		const violation = validator(schema).violation(rest[key]);
		if (violation) {
			const pointer = `/${key}${violation.pointer === "/" ? "" : violation.pointer}`;
			throw new InputError(file, pointer, violation.reason);
		}
		taken[key] = rest[key];
		delete rest[key];
	}
	return { rest, taken };
}
