// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { rodataOf } from "../package/elf/rodata.js";
import type { ProgramFacts } from "../package/object.js";
import type { Package, PackageFile, PackageObject } from "../package/package.js";
import type { FilledMap } from "./filled-map.js";
import type { Vector, VectorFile } from "./schema.js";

/** A program with the constants that it is loaded with. */
export interface Subject {
	object: PackageObject;
	program: ProgramFacts;
	/** Name in `programTypes`. */
	type: string;
	/** Equal for vectors that the same loaded object serves. */
	key: string;
}

/** A vector file while it is read. */
export interface Around {
	pkg: Package;
	file: PackageFile;
	defaults: VectorFile;
	/** What `maps_before` of the file fills, by object and map, once it was read. */
	sharedMaps: Map<string, FilledMap>;
}

/** Which program a vector is about. @throws InputError when it does not say, or there is none */
export function subjectOf({ pkg, file, defaults }: Around, vector: Vector, pointer: string): Subject {
	const wanted = <K extends "object" | "program">(key: K): { value: string | undefined; at: string } =>
		vector[key] === undefined
			? { value: defaults[key], at: `/${key}` }
			: { value: vector[key], at: `${pointer}/${key}` };
	const { value: objectFile, at: objectAt } = wanted("object");
	const fail = (at: string, reason: string) => new InputError(file.display, at, reason);
	const listed = (names: string[]) => names.slice(0, 12).join(", ");
	const object =
		objectFile === undefined ? only(pkg.objects) : pkg.objects.find((each) => each.file === objectFile);
	if (!object) {
		const are = `the package has ${listed(pkg.objects.map((each) => each.file))}`;
		throw objectFile === undefined
			? fail(pointer, `does not say which object is meant; ${are}`)
			: fail(objectAt, `there is no object ${JSON.stringify(objectFile)}; ${are}`);
	}
	const { value: programName, at: programAt } = wanted("program");
	const program =
		programName === undefined
			? only(object.programs)
			: object.programs.find((each) => each.name === programName);
	if (!program) {
		const are = `${object.file} has ${listed(object.programs.map((each) => each.name))}`;
		throw programName === undefined
			? fail(pointer, `does not say which program is meant; ${are}`)
			: fail(programAt, `there is no program ${JSON.stringify(programName)}; ${are}`);
	}
	const rodata = { ...defaults.rodata, ...vector.rodata };
	const settings = { ...object.settings, rodata: { ...object.settings.rodata, ...rodata } };
	const changed = Object.keys(rodata).length > 0 ? { ...object, settings } : object;
	if (changed !== object) {
		const of = vector.rodata ? `${pointer}/rodata` : "/rodata";
		rodataOf(changed, { file: file.display, pointer: of });
	}
	const key = JSON.stringify([object.file, Object.entries(rodata).sort(([a], [b]) => (a < b ? -1 : 1))]);
	return { object: changed, program, type: program.meaning?.type ?? "unspec", key };
}

function only<T>(list: readonly T[]): T | undefined {
	return list.length === 1 ? list[0] : undefined;
}
