// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place } from "../../base/errors.js";
import type { PackageObject } from "../package/package.js";
import { isWritable, type MapModel, mapModel, type WrittenEntry, writtenEntries } from "./map-model.js";

/** Entries that are put into a map of an object before its programs run. */
export interface FilledMap {
	model: MapModel;
	entries: WrittenEntry[];
}

/** What `maps_before` says of one map. @throws InputError for a map that cannot be filled */
export function filledMap(object: PackageObject, name: string, spec: unknown, place: Place): FilledMap {
	const model = mapModel(object, name);
	const fail = (reason: string) => new InputError(place.file, place.pointer, reason);
	if (!model)
		throw fail(`${object.file} has no map ${name}; it has ${object.maps.map((map) => map.name).join(", ")}`);
	if (name.startsWith(".rodata")) throw fail("constants are set by `rodata`");
	if (!isWritable(model)) throw fail(`a map of type ${model.type} cannot be filled`);
	return { model, entries: writtenEntries(model, spec, place, "given") };
}
