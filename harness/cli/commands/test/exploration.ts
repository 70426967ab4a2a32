// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { Results } from "../../../base/results.js";
import { validator } from "../../../base/validate.js";
import { vectorFile } from "../../../data/vectors/explore/saved.js";
import { type Vector, VectorFile } from "../../../data/vectors/schema.js";
import type { Exploration } from "../../../run/explore/explore-packages.js";
import { assertWritableFile, writeWhole } from "../../terminal/write.js";

export interface ExploreOptions {
	/** Mutants for each program. */
	explore?: number;
	seed: number;
	/** File for the finds, as vectors. */
	saveFinds?: string;
}

/** @throws InputError when finds cannot be saved: no --explore, several packages, no such folder */
export async function explorationOf(
	{ explore, seed, saveFinds: file }: ExploreOptions,
	packages: number,
): Promise<Exploration | undefined> {
	if (file !== undefined) {
		if (explore === undefined) throw new InputError("--save-finds", "", "needs --explore");
		if (packages > 1)
			throw new InputError("--save-finds", "", "needs a single package; test the others separately");
		if (!/\.(ya?ml)$/.test(file)) throw new InputError(file, "", "needs a name that ends in .yaml");
		await assertWritableFile(file);
	}
	return explore === undefined ? undefined : { mutants: explore, seed };
}

const files = validator(VectorFile);

/** Writes the finds, each once; without any an earlier file stays. @throws UndecidedError */
export async function saveFinds(
	{ results }: Results,
	{ seed, saveFinds: file }: ExploreOptions,
): Promise<void> {
	if (file === undefined) return;
	const finds = new Map<string, Vector>();
	for (const { case: name, evidence } of results) {
		const file = { vectors: [evidence.vector] };
		if (name.startsWith("explore/") && files.accepts(file))
			for (const vector of file.vectors) finds.set(vector.name, vector);
	}
	const { size } = finds;
	if (size > 0)
		await writeWhole(file, vectorFile(`Found by bpfgate test --explore, seed ${seed}`, [...finds.values()]));
	const what = size === 0 ? "no finds, nothing written" : `${size} find${size === 1 ? "" : "s"} written`;
	process.stderr.write(`${file}: ${what}\n`);
}
