// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../../base/errors.js";
import type { MapFacts } from "../../data/package/elf/maps.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import type { Guest } from "../../machine/vm/guest.js";
import { applicable, loadIntruder, type Tried, tryOnMap, tryTechnique } from "./attempt.js";
import type { Hold } from "./hold.js";
import { holdsOf, hookKind } from "./hooks.js";
import { MapStage } from "./map-stage.js";
import { Stage } from "./stage.js";
import type { Technique } from "./technique.js";
import { type MapTechnique, mapTechniques } from "./techniques/maps.js";
import { techniques } from "./techniques/techniques.js";
import { type WatchedProgram, watchedPrograms } from "./watched-programs.js";

/** One takeover of one program's hook, or of one map; or none, to see what the detector says. */
export interface Trial {
	/** Of its case: `<program or map>/<technique>`. */
	name: string;
	/** Of the program or map. */
	subject: string;
	/** What one trial in which nothing is taken stands for: a program, or all maps of an object. */
	scope: string;
	technique: Any;
	/** Deploys the package in a guest; undefined when it does not load there. */
	arrange(guest: Guest): Promise<Arranged | undefined>;
}

/** A package that is deployed and can be taken. */
export interface Arranged {
	/** Of the device, for the detector. */
	netns?: number;
	/** Maps whose contents count. */
	maps: readonly number[];
	/** Sends traffic that takes nothing. */
	quiet(): Promise<unknown>;
	/** Takes it. */
	attempt(): Promise<Tried>;
}

/** In place of a technique: the same traffic and time, in which nothing is taken. */
export const nothingTaken = { name: "nothing-taken", group: "watcher", needs: "nothing" } as const;

type Any = Technique | MapTechnique | typeof nothingTaken;

export function isNothing(technique: Any): technique is typeof nothingTaken {
	return technique === nothingTaken;
}

const nothing: Tried = { result: "nothing", call: "nothing", errno: 0, shown: "nothing was taken" };
/** As often as traffic is sent while a takeover is looked for. */
const controlLooks = 3;

/** Every takeover of a package that its manifest does not leave out. */
export function trialsOf(pkg: Package): Trial[] {
	const { hold = "link", techniques: only } = pkg.manifest.takeover ?? {};
	const all = [...watchedPrograms(pkg).flatMap((watched) => programTrials(watched, hold)), ...mapTrials(pkg)];
	const isAsked = ({ technique }: Trial) =>
		!isNothing(technique) && (only === undefined || only.includes(technique.name));
	const scopes = new Set(all.filter(isAsked).map(({ scope }) => scope));
	return all.filter((trial) => isAsked(trial) || (isNothing(trial.technique) && scopes.has(trial.scope)));
}

/** @throws InputError for a technique that does not exist */
export function checkTechniques({ path, manifest }: Package): void {
	const known = [...techniques, ...mapTechniques].map(({ name }) => name);
	for (const [index, wanted] of (manifest.takeover?.techniques ?? []).entries())
		if (!known.includes(wanted))
			throw new InputError(
				`${path}/bpfgate.json`,
				`/takeover/techniques/${index}`,
				`${JSON.stringify(wanted)} is not a technique; expected one of ${known.join(", ")}`,
			);
}

function programTrials(watched: WatchedProgram, wanted: Hold): Trial[] {
	const { object, name, caseName, hook, at } = watched;
	const kind = hookKind(hook);
	const possible = holdsOf(kind);
	const hold: Hold = possible.includes(wanted) ? wanted : possible[0]!;
	return [...applicable({ kind, hold }, techniques), nothingTaken].map((technique) => ({
		name: `${caseName}/${technique.name}`,
		subject: name,
		scope: `program ${caseName}`,
		technique,
		async arrange(guest) {
			const loaded = await load(guest, object, [name]);
			if (!loaded) return undefined;
			const program = { handle: loaded.handle, program: name };
			const stage = await Stage.open(guest, hook, hold, program, at);
			const netns = stage.device?.netns;
			const quiet = () => stage.meets([program]);
			const arranged = { ...(netns === undefined ? {} : { netns }), maps: [], quiet };
			if (isNothing(technique)) {
				const attempt = async () => {
					for (let look = 0; look < controlLooks; look++) await quiet();
					return nothing;
				};
				return { ...arranged, attempt };
			}
			const intruder = await loadIntruder(stage, technique);
			return { ...arranged, attempt: () => tryTechnique(stage, technique, intruder) };
		},
	}));
}

function mapTrials(pkg: Package): Trial[] {
	const nameOf = caseNames(pkg);
	return pkg.objects.flatMap((object) => {
		const trials = object.maps.flatMap((map) => {
			if (map.kind !== "btf") return [];
			return mapTechniques
				.filter(({ types }) => types.includes(map.type))
				.map((technique) => mapTrial(object, map, nameOf(object, map.name), technique));
		});
		const first = object.maps.find(({ name }) => name === trials[0]?.subject);
		// A detector cannot tell apart the maps that it is given.
		return first ? [...trials, mapTrial(object, first, nameOf(object, first.name), nothingTaken)] : [];
	});
}

function mapTrial(
	object: PackageObject,
	map: MapFacts,
	caseName: string,
	technique: MapTechnique | typeof nothingTaken,
): Trial {
	return {
		name: `${caseName}/${technique.name}`,
		subject: map.name,
		scope: `maps of ${object.file}`,
		technique,
		async arrange(guest) {
			const programs = wantedPrograms(object).map(({ name }) => name);
			const loaded = await load(guest, object, programs);
			const id = loaded?.maps.find(({ name }) => name === map.name)?.id;
			if (!loaded || id === undefined) return undefined;
			const arranged = { maps: [id], quiet: async () => {} };
			if (isNothing(technique)) return { ...arranged, attempt: async () => nothing };
			const stage = await MapStage.open(guest, loaded.handle, map.name, id);
			return { ...arranged, attempt: () => tryOnMap(stage, technique) };
		},
	};
}

/** Undefined when none of the programs loads. */
async function load(guest: Guest, object: PackageObject, programs: readonly string[]) {
	const { client, greeting } = guest;
	await client.call("file_write", { path: guestPath(object), data: object.loadable });
	const args = openArgs(object, greeting.cpus, new Map());
	const { handle, loaded, maps } = await loadObject(client, args, programs);
	return handle === undefined || loaded.size === 0 ? undefined : { handle, maps };
}
