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

/** One takeover of one program's hook, or of one map. */
export interface Trial {
	/** Of its case: `<program or map>/<technique>`. */
	name: string;
	/** Of the program or map. */
	subject: string;
	technique: Technique | MapTechnique;
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

/** Every takeover of a package that its manifest does not leave out. */
export function trialsOf(pkg: Package): Trial[] {
	const { hold = "link", techniques: only } = pkg.manifest.takeover ?? {};
	const all = [...watchedPrograms(pkg).flatMap((watched) => programTrials(watched, hold)), ...mapTrials(pkg)];
	return all.filter(({ technique }) => only === undefined || only.includes(technique.name));
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
	return applicable({ kind, hold }, techniques).map((technique) => ({
		name: `${caseName}/${technique.name}`,
		subject: name,
		technique,
		async arrange(guest) {
			const loaded = await load(guest, object, [name]);
			if (!loaded) return undefined;
			const program = { handle: loaded.handle, program: name };
			const stage = await Stage.open(guest, hook, hold, program, at);
			const intruder = await loadIntruder(stage, technique);
			const netns = stage.device?.netns;
			return {
				...(netns === undefined ? {} : { netns }),
				maps: [],
				quiet: () => stage.meets([program]),
				attempt: () => tryTechnique(stage, technique, intruder),
			};
		},
	}));
}

function mapTrials(pkg: Package): Trial[] {
	const nameOf = caseNames(pkg);
	return pkg.objects.flatMap((object) =>
		object.maps.flatMap((map) => {
			if (map.kind !== "btf") return [];
			return mapTechniques
				.filter(({ types }) => types.includes(map.type))
				.map((technique) => mapTrial(object, map, nameOf(object, map.name), technique));
		}),
	);
}

function mapTrial(object: PackageObject, map: MapFacts, caseName: string, technique: MapTechnique): Trial {
	return {
		name: `${caseName}/${technique.name}`,
		subject: map.name,
		technique,
		async arrange(guest) {
			const programs = wantedPrograms(object).map(({ name }) => name);
			const loaded = await load(guest, object, programs);
			const id = loaded?.maps.find(({ name }) => name === map.name)?.id;
			if (!loaded || id === undefined) return undefined;
			const stage = await MapStage.open(guest, loaded.handle, map.name, id);
			return { maps: [id], quiet: async () => {}, attempt: () => tryOnMap(stage, technique) };
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
