// SPDX-License-Identifier: Apache-2.0
import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../../base/errors.js";
import type { Output } from "../../report/output.js";

/** A file or folder that an option names, to be written. */
export interface Destination {
	path: string;
	option: string;
	output?: Output;
}

/** Places of files that a run reads, and what messages call each. */
export type InputPlaces = ReadonlyMap<string, string>;

/**
 * Where a path leads, the same for all links to a file: the file there, or a name in its folder.
 * Undefined for what holds no data to lose (`/dev/null`, a FIFO), and without a folder.
 */
export async function placeOf(path: string): Promise<string | undefined> {
	const there = await stat(path).catch(() => undefined);
	if (there) return there.isFile() || there.isDirectory() ? `${there.dev}:${there.ino}` : undefined;
	const folder = await stat(dirname(resolve(path))).catch(() => undefined);
	if (folder) return `${folder.dev}:${folder.ino}/${basename(path)}`;
	const above = dirname(resolve(path));
	if (above === resolve(path)) return undefined;
	return `${await placeOf(above)}/${basename(path)}`;
}

export async function placesOf(paths: readonly string[]): Promise<InputPlaces> {
	const places = new Map<string, string>();
	for (const path of paths) {
		const place = await placeOf(path);
		if (place !== undefined) places.set(place, path);
	}
	return places;
}

/** @throws InputError for an output that would overwrite another one */
export async function assertApart(requests: readonly Destination[]): Promise<void> {
	const taken = new Map<string, string>();
	for (const { written, option } of writtenBy(requests)) {
		const place = await placeOf(written);
		if (place === undefined) continue;
		const other = taken.get(place);
		if (other !== undefined) throw new InputError(option, "", `${written} is already taken by ${other}`);
		taken.set(place, option);
	}
}

/** @throws InputError for an output that would overwrite an input; a report may lie beside it */
export async function assertNoInputs(requests: readonly Destination[], inputs: InputPlaces): Promise<void> {
	for (const { path, written, option, output } of writtenBy(requests)) {
		if (output?.kind === "folder" && written === path) continue;
		const place = await placeOf(written);
		const input = place === undefined ? undefined : inputs.get(place);
		if (input !== undefined)
			throw new InputError(option, "", `${written} would overwrite ${input}, which this run reads`);
	}
}

/** What is known before the run: of a folder, the files that always have the same names. */
function writtenBy(requests: readonly Destination[]) {
	return requests
		.filter(({ path }) => path !== "-")
		.flatMap((request) => {
			const { output, path } = request;
			const names = output?.kind === "folder" ? (output.names ?? []) : [];
			return [path, ...names.map((name) => join(path, name))].map((written) => ({ ...request, written }));
		});
}
