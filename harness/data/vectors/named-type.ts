// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import type { ValuePlace } from "../package/btf/btf-value.js";
import type { PackageObject } from "../package/package.js";
import type { ValueType } from "./leaf.js";

/**
 * The struct, union or typedef that a file names: `struct event`. @throws InputError when the
 * object's BTF has none
 */
export function namedType({ btf, file }: PackageObject, written: unknown, place: ValuePlace): ValueType {
	const name = typeof written === "string" ? written.replace(/^(struct|union) /, "") : "";
	const id = btf?.find(name, "struct") ?? btf?.find(name, "union") ?? btf?.find(name, "typedef");
	if (!btf || id === undefined)
		throw new InputError(place.file, place.pointer, `the BTF of ${file} has no struct ${name}`);
	return { size: btf.sizeOf(id), littleEndian: btf.littleEndian, types: { btf, id } };
}
