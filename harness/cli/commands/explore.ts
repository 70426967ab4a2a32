// SPDX-License-Identifier: Apache-2.0
import { InvalidArgumentError, Option } from "commander";
import { InputError } from "../../base/errors.js";
import type { Results } from "../../base/results.js";
import { validator } from "../../base/validate.js";
import { vectorFile } from "../../data/vectors/explore/saved.js";
import { type Vector, VectorFile } from "../../data/vectors/schema.js";
import type { Exploration } from "../../run/explore/explore-packages.js";
import { assertWritableFile, writeWhole } from "../terminal/write.js";

/** What `bpfgate test` is told about exploring. */
export interface ExploreOptions {
	/** Mutants for each program. */
	explore?: number;
	seed: number;
	/** File for the finds, as vectors. */
	saveFinds?: string;
}

const maxMutants = 1_000_000;
const maxSeed = 0xffffffff;

export const exploreOptions = {
	explore: new Option(
		"--explore <n>",
		"also run n changed vectors of each program on all kernels, and tell where they disagree, crash or give what makes no sense",
	).argParser((text: string) => wholeNumber(text, 1, maxMutants)),
	seed: new Option("--seed <n>", "which changes are made: the same for a seed")
		.default(1)
		.argParser((text: string) => wholeNumber(text, 0, maxSeed)),
	saveFinds: new Option(
		"--save-finds <file>",
		"write what --explore finds into this file, as vectors (YAML)",
	),
};

/**
 * @param packages how many are tested. @throws InputError when finds are to be saved and there will
 * be none, or the file could not be written
 */
export async function explorationOf(
	{ explore, seed, saveFinds: file }: ExploreOptions,
	packages: number,
): Promise<Exploration | undefined> {
	if (file !== undefined) {
		if (explore === undefined)
			throw new InputError("--save-finds", "", "needs --explore, which finds something");
		if (packages > 1)
			throw new InputError(
				"--save-finds",
				"",
				"takes the finds of one package; test the others by themselves",
			);
		if (!/\.(ya?ml)$/.test(file)) throw new InputError(file, "", "must be called .yaml");
		await assertWritableFile(file);
	}
	return explore === undefined ? undefined : { mutants: explore, seed };
}

const files = validator(VectorFile);

/**
 * Writes the finds of a run, each once; an earlier file stays as it is when there are none. @throws
 * UndecidedError
 */
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

function wholeNumber(text: string, from: number, to: number): number {
	const value = Number(text);
	if (!/^\d+$/.test(text) || value < from || value > to)
		throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
	return value;
}
