// SPDX-License-Identifier: Apache-2.0
import type { Finding } from "../../../lab/check.js";
import { ending, label } from "../judge.js";
import type { Built } from "../mechanism.js";
import type { Part } from "../part.js";
import { look, promised, type Scene, tried, withBuilt } from "../scene.js";

/** Each member put in last, at its place: front, middle and end. */
export async function* insertions(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	for (const part of members) {
		const others = members.filter((other) => other !== part);
		const name = `${chain.name}/insert/${label(part)}`;
		yield await tried(chain, name, () =>
			withBuilt(stage, others, async (built) => {
				await built.insert(part);
				return promised(name, `after ${label(part)} was put in`, await look(scene, built, members));
			}),
		);
	}
}

/** Each member taken out by whoever tends the chain. */
export async function* removals(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	for (const part of members) {
		const name = `${chain.name}/remove/${label(part)}`;
		yield await tried(chain, name, () =>
			withBuilt(stage, members, async (built) => {
				await built.remove(part);
				const left = members.filter((other) => other !== part);
				return promised(name, `after ${label(part)} was taken out`, await look(scene, built, left));
			}),
		);
	}
}

/** Each member gone without anybody tending to the rest. */
export async function* losses(scene: Scene): AsyncIterable<Finding> {
	const { chain, mechanism, stage, members } = scene;
	for (const part of members) {
		const name = `${chain.name}/missing/${label(part)}`;
		yield await tried(chain, name, () =>
			withBuilt(stage, members, async (built) => {
				await built.lose(part);
				const left = mechanism.survivors(members, part);
				return promised(name, `while ${label(part)} is missing`, await look(scene, built, left));
			}),
		);
	}
}

/** Each member replaced by the same program, loaded once more, and back again. */
export async function* replacements(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	for (const part of members) {
		const name = `${chain.name}/replace/${label(part)}`;
		yield await tried(chain, name, () =>
			withBuilt(stage, members, (built) => replaced(name, scene, built, part)),
		);
	}
}

async function replaced(name: string, scene: Scene, built: Built, part: Part): Promise<Finding> {
	const { members } = scene;
	const second: Part = { ...part, program: "second" };
	await built.replace(part, second);
	const swapped = members.map((other) => (other === part ? second : other));
	const listed = await built.configured();
	const there = listed.some((each) => typeof each !== "number" && each.program === "second");
	const seen = await look(scene, built, swapped);
	if (!there) seen.differences.push(`${label(part)} still stands with the program that was to be replaced`);
	const first = promised(name, `after ${label(part)} was replaced`, seen);
	if (first.outcome !== "pass") return first;
	await built.replace(second, part);
	return promised(name, `after ${label(part)} was put back`, await look(scene, built, members));
}

/**
 * A program that ends the chain in the place of each member: those before it run, nobody after it
 * does. Where every member runs whatever the others say (cgroups) there is nothing to see.
 */
export async function* stops(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	for (const part of members) {
		const verdict = ending(chain, part);
		if (verdict === undefined) continue;
		const stop: Part = { ...part, program: { verdict } };
		const parts = members.map((other) => (other === part ? stop : other));
		const name = `${chain.name}/stops/${label(part)}`;
		const what = `with a program in the place of ${label(part)} that ends the chain`;
		yield await tried(chain, name, () =>
			withBuilt(stage, parts, async (built) => promised(name, what, await look(scene, built, parts))),
		);
	}
}
