// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageFile } from "../../package/package.js";
import { isCapture } from "../captured.js";
import type { Vector, VectorFile } from "../schema.js";
import type { PreparedVector, Suite } from "../suite.js";
import { parseText } from "../text.js";

/** A vector in its file, with the cases that it makes: one, or one for each frame. */
export interface PlacedVector {
	file: PackageFile;
	/** In `vectors` of the file. */
	index: number;
	written: Vector;
	cases: PreparedVector[];
}

/** File name without suffix, with which the cases of the file begin. */
export const stemOf = ({ file }: PackageFile): string => file.replace(/^.*\//, "").replace(/\.[a-z]+$/, "");

/** The vectors of a package in the order of its files. */
export function placedVectors(pkg: Package, suite: Suite): PlacedVector[] {
	const byCase = new Map(suite.vectors.map((vector) => [vector.case, vector]));
	const byStart = new Map<string, PreparedVector[]>();
	for (const vector of suite.vectors) {
		const start = vector.case.slice(0, vector.case.lastIndexOf("/"));
		const group = byStart.get(start);
		if (group) group.push(vector);
		else byStart.set(start, [vector]);
	}
	const invalid = new Set(suite.invalid.map(({ stem }) => stem));
	return pkg.vectors.flatMap((file) => {
		const stem = stemOf(file);
		if (isCapture(file) || invalid.has(stem)) return [];
		// The suite has found it to be one.
		const { vectors } = parseText(file.display, file.bytes).value as VectorFile;
		return vectors.map((written, index) => {
			const name = `${stem}/${written.name}`;
			const only = byCase.get(name);
			return { file, index, written, cases: only ? [only] : (byStart.get(name) ?? []) };
		});
	});
}
