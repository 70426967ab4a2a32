// SPDX-License-Identifier: Apache-2.0

import { attachTypes, helpers, linkTypes, mapTypes, programTypes } from "../../../base/bpf.js";
import { InputError } from "../../../base/errors.js";
import { escapePointer } from "../btf/btf-value.js";
import { meaningOfType } from "../elf/dialect.js";
import { rodataOf } from "../elf/rodata.js";
import type { ObjectFacts, ProgramFacts } from "../object.js";
import { checkChainPrograms } from "../sections/chain-program.js";
import { type VariantSet, variantSets, variantsCase } from "../variants.js";
import { checkIterator } from "./check-iterator.js";
import { badExpectation, expectedCases } from "./expected-case.js";
import type { Manifest, ObjectEntry, ProgramSettings } from "./manifest.js";

interface Loaded extends ObjectFacts {
	file: string;
	settings: ObjectEntry;
}

/**
 * Checks what the manifest says against what its objects hold.
 * @throws InputError with the JSON pointer of a setting that does not exist or cannot be set
 */
export function checkSettings(file: string, manifest: Manifest, objects: Loaded[]): void {
	for (const [index, object] of objects.entries()) {
		const pointer = `/objects/${index}`;
		checkPrograms(file, pointer, object, objects);
		checkMaps(file, pointer, object);
		rodataOf(object, { file, pointer: `${pointer}/rodata` });
	}
	checkChainPrograms(file, manifest.chains ?? [], objects);
	checkRequirements(file, manifest);
	checkExpectations(file, manifest, variantSets(file, manifest, objects), objects);
}

function checkPrograms(file: string, pointer: string, object: Loaded, objects: Loaded[]): void {
	for (const [name, settings] of Object.entries(object.settings.programs ?? {})) {
		const place = `${pointer}/programs/${escapePointer(name)}`;
		const program = object.programs.find((program) => program.name === name);
		if (!program)
			throw new InputError(
				file,
				place,
				`${object.file} has no program of this name; ${has(object.programs)}`,
			);
		checkType(file, place, settings);
		checkBinary(file, place, settings, program);
		if (settings.attach) checkIterator(file, place, settings.attach, program, object);
		const { target } = settings;
		if (target?.object === undefined && target?.program === undefined) continue;
		const aimed =
			target.object === undefined ? object : objects.find((other) => other.file === target.object);
		if (!aimed) throw new InputError(file, `${place}/target/object`, "is not an object of this package");
		if (target.program === undefined)
			throw new InputError(file, `${place}/target`, "names an object but no program of it");
		if (!aimed.programs.some((program) => program.name === target.program))
			throw new InputError(
				file,
				`${place}/target/program`,
				`${aimed.file} has no program ${JSON.stringify(target.program)}; ${has(aimed.programs)}`,
			);
	}
}

function checkType(file: string, place: string, { type, attach_type }: ProgramSettings): void {
	if (type === undefined) {
		if (attach_type === undefined) return;
		throw new InputError(file, `${place}/attach_type`, "needs a type beside it");
	}
	if ((programTypes.number(type) ?? 0) === 0)
		throw new InputError(file, `${place}/type`, `${JSON.stringify(type)} is not a type of program`);
	if (meaningOfType(type, attach_type)) return;
	throw attach_type === undefined
		? new InputError(file, `${place}/type`, `${type} needs an attach_type beside it`)
		: new InputError(
				file,
				`${place}/attach_type`,
				`${JSON.stringify(attach_type)} is not an attach type of ${type} programs`,
			);
}

/** `binary` belongs to uprobe and USDT programs, and needs a place in it. */
function checkBinary(
	file: string,
	place: string,
	{ attach: { hook, binary, symbol, probe } = { hook: "auto" } }: ProgramSettings,
	{ section, meaning }: ProgramFacts,
): void {
	if (binary === undefined && probe === undefined) return;
	const fail = (key: string, reason: string) => new InputError(file, `${place}/attach/${key}`, reason);
	const key = binary === undefined ? "probe" : "binary";
	const [wanted, given] = meaning?.attachesTo === "user_tracepoint" ? ["probe", probe] : ["symbol", symbol];
	if (meaning?.attachesTo !== "user_function" && meaning?.attachesTo !== "user_tracepoint")
		throw fail(key, `is for uprobe and USDT programs; the section of this one is ${section}`);
	if (hook !== "auto") throw fail(key, `needs the hook "auto", not ${JSON.stringify(hook)}`);
	if (binary === undefined) throw fail(key, "needs a binary beside it");
	if (given === undefined) throw fail(key, `needs a ${wanted} beside it: what of the binary to attach to`);
}

function checkMaps(file: string, pointer: string, object: Loaded): void {
	for (const [name, settings] of Object.entries(object.settings.maps ?? {})) {
		const place = `${pointer}/maps/${escapePointer(name)}`;
		if (object.uncreated.includes(name)) continue;
		const map = object.maps.find((candidate) => candidate.name === name);
		if (!map)
			throw new InputError(file, place, `${object.file} has no map of this name; ${has(object.maps)}`);
		if (settings.type !== undefined && (mapTypes.number(settings.type) ?? 0) === 0)
			throw new InputError(file, `${place}/type`, `${JSON.stringify(settings.type)} is not a type of map`);
		if (!settings.inner) continue;
		if (map.type !== "array_of_maps" && map.type !== "hash_of_maps")
			throw new InputError(file, `${place}/inner`, `${name} is of type ${map.type}, which holds no maps`);
		if (mapTypes.number(settings.inner.type) === undefined)
			throw new InputError(
				file,
				`${place}/inner/type`,
				`${JSON.stringify(settings.inner.type)} is not a type of map`,
			);
	}
}

/** Features that the kernel's headers name are checked here; others only a kernel can answer. */
function checkRequirements(file: string, manifest: Manifest): void {
	const known: Record<string, { number(name: string): number | undefined } | undefined> = {
		program_type: programTypes,
		map_type: mapTypes,
		attach_type: attachTypes,
		link_type: linkTypes,
		helper: helpers,
	};
	for (const [index, feature] of (manifest.kernels?.requires ?? []).entries()) {
		const [kind = "", name = ""] = feature.split(/:(.*)/s);
		const check = (of: string, wanted: string) => {
			if (known[of]?.number(wanted.replace(/^bpf_/, "")) !== undefined) return;
			const reason = `there is no ${of.replace("_", " ")} ${JSON.stringify(wanted)}`;
			throw new InputError(file, `/kernels/requires/${index}`, reason);
		};
		// A helper may be asked for in one type of program: `helper:xdp/bpf_xdp_load_bytes`.
		const [type, helper] = kind === "helper" && name.includes("/") ? name.split(/\/(.*)/s) : [];
		if (type !== undefined) check("program_type", type);
		if (known[kind]) check(kind, helper ?? name);
	}
}

/** An expectation that no case can meet would be void; the objects give the load check's cases. */
function checkExpectations(
	file: string,
	manifest: Manifest,
	variants: readonly VariantSet[],
	objects: Loaded[],
): void {
	const own = objects.flatMap((object) => {
		const stem = object.file.replace(/^.*\//, "").replace(/(\.bpf)?\.o$/, "");
		const programs = object.programs.flatMap(({ name }) => [name, `${stem}/${name}`]);
		const maps = object.maps.flatMap(({ name }) => [name, `${stem}/${name}`]);
		return [
			...programs.flatMap((name) => [`load/program/${name}`, `load/attach/${name}`]),
			...maps.map((name) => `load/map/${name}`),
		];
	});
	const cases = [...own, ...variants.map((set) => `load/${variantsCase(set)}`)];
	for (const [index, { case: pattern }] of (manifest.expect?.failures ?? []).entries()) {
		const place = `/expect/failures/${index}/case`;
		const bad = badExpectation(pattern);
		if (bad) throw new InputError(file, place, `${JSON.stringify(pattern)} ${bad}`);
		if (pattern.startsWith("load/") && !cases.some(expectedCases(pattern)))
			throw new InputError(file, place, `${JSON.stringify(pattern)} does not match any case of this package`);
	}
}

function has(things: { name: string }[]): string {
	const names = things.map(({ name }) => name);
	if (names.length === 0) return "it has none";
	const more = names.length > 8 ? ` and ${names.length - 8} more` : "";
	return `it has ${names.slice(0, 8).join(", ")}${more}`;
}
