// SPDX-License-Identifier: Apache-2.0
import { GuestError } from "../../guest/client.js";
import type { ProgramLoad } from "../../guest/operations.js";
import type { AttachTarget } from "../../package/manifest.js";
import type { Package, PackageObject } from "../../package/package.js";
import { helpers, linkTypes, mapTypes } from "../../package/uapi.js";
import { explainAttach, explainLoad, explainMap, explainOpen } from "../../reasons/explain.js";
import { verifierStatistics } from "../../reasons/statistics.js";
import type { Guest } from "../../vm/guest.js";
import type { Check, Finding, Workbench } from "../check.js";
import { AttachPoints } from "./attach-points.js";
import { caseNames } from "./case-names.js";
import { hookOf } from "./hook.js";
import { type LoadedObject, loadObject, type Refusal } from "./load-object.js";
import { guestPath, openArgs, wantedPrograms } from "./open-args.js";

/** Of a refused program's log; the verifier says why at the end. */
const logLinesInEvidence = 40;

/**
 * Does every program of every object load, and attach where an attach point can be made? Cases `program/<name>`,
 * `attach/<name>` (programs, and struct_ops maps), `map/<name>` for a map that the kernel refuses, and
 * `leftovers` when something stays behind after all was detached and unloaded.
 */
export const loadCheck: Check = {
	name: "load",

	cases(pkg) {
		const nameOf = caseNames(pkg);
		return pkg.objects.flatMap((object) => objectCases(object, (name) => nameOf(object, name)));
	},

	async *run(pkg, bench) {
		const nameOf = caseNames(pkg);
		for (const object of pkg.objects) {
			yield* checkObject(pkg, object, (name) => nameOf(object, name), bench);
		}
	},
};

type NameOf = (name: string) => string;

function objectCases(object: PackageObject, nameOf: NameOf): string[] {
	const wanted = wantedPrograms(object);
	const attached = wanted.filter((name) => "hook" in hook(object, name));
	return [
		...wanted.map((name) => `program/${nameOf(name)}`),
		...[...attached, ...structOpsMaps(object)].map((name) => `attach/${nameOf(name)}`),
	];
}

function hook(object: PackageObject, name: string) {
	return hookOf(programOf(object, name), object.settings.programs?.[name]);
}

function programOf(object: PackageObject, name: string) {
	const program = object.programs.find((candidate) => candidate.name === name);
	if (!program) throw new Error(`${object.file} has no program ${name}`);
	return program;
}

function structOpsMaps(object: PackageObject): string[] {
	return object.maps.filter((map) => map.type === "struct_ops").map((map) => map.name);
}

/** One object from its first to its last case; a guest that is lost on the way ends only this object's cases. */
async function* checkObject(
	pkg: Package,
	object: PackageObject,
	nameOf: NameOf,
	bench: Workbench,
): AsyncIterable<Finding> {
	const open = new Set(objectCases(object, nameOf));
	try {
		const guest = await bench.guest();
		for await (const finding of loadAndAttach(pkg, object, nameOf, guest)) {
			open.delete(finding.case);
			yield finding;
		}
		const left = await bench.leftovers();
		if (left.length > 0) yield leftoversOf(object, left);
	} catch (cause) {
		const { outcome, reason } = await bench.lost(cause);
		for (const name of open) yield { case: name, outcome, reason, evidence: { object: object.file } };
		if (open.size === 0) {
			yield { case: `leftovers/${object.file}`, outcome, reason, evidence: { object: object.file } };
		}
	}
}

function leftoversOf(object: PackageObject, left: string[]): Finding {
	const some = left.slice(0, 5).join(", ");
	return {
		case: `leftovers/${object.file}`,
		outcome: "fail",
		reason: {
			code: "leftovers",
			message: `${object.file}: after detaching and unloading everything, ${left.length === 1 ? "this is" : "these are"} still in the kernel: ${some}${left.length > 5 ? ` and ${left.length - 5} more` : ""}`,
			hint: "look for maps that hold programs or maps of their own, and for objects that pin themselves (LIBBPF_PIN_BY_NAME)",
		},
		evidence: { object: object.file, leftovers: left.slice(0, 100) },
	};
}

async function* loadAndAttach(
	pkg: Package,
	object: PackageObject,
	nameOf: NameOf,
	guest: Guest,
): AsyncIterable<Finding> {
	const { client } = guest;
	const targets = await loadTargets(pkg, object, guest);
	await client.call("file_write", { path: guestPath(object), data: object.bytes });
	const wanted = wantedPrograms(object);
	const result = await loadObject(client, openArgs(object, guest.greeting.cpus, targets), wanted);

	if (result.refusedMap) yield mapFinding(object, nameOf, result.refusedMap, guest);
	for (const name of wanted) yield programFinding(object, name, nameOf, result, guest);
	yield* attachAll(object, nameOf, result, guest);

	for (const handle of [result.handle, ...targets.values()]) {
		if (handle !== undefined) await client.call("object_close", { object: handle });
	}
	for (const file of [object, ...targetObjects(pkg, object)]) {
		await client.call("file_remove", { path: guestPath(file) });
	}
}

/** The objects that programs of this one are aimed at. */
function targetObjects(pkg: Package, object: PackageObject): PackageObject[] {
	const files = Object.values(object.settings.programs ?? {})
		.filter((setting) => setting.target?.program !== undefined)
		.map((setting) => setting.target?.object ?? object.file);
	return pkg.objects.filter(({ file }) => file !== object.file && files.includes(file));
}

/** Loads what this object's freplace, fentry and fexit programs are aimed at; handles by file. */
async function loadTargets(pkg: Package, object: PackageObject, guest: Guest): Promise<Map<string, number>> {
	const handles = new Map<string, number>();
	for (const target of targetObjects(pkg, object)) {
		await guest.client.call("file_write", { path: guestPath(target), data: target.bytes });
		const { handle } = await loadObject(
			guest.client,
			openArgs(target, guest.greeting.cpus, new Map()),
			wantedPrograms(target),
		);
		if (handle !== undefined) handles.set(target.file, handle);
	}
	return handles;
}

function kernelFacts(guest: Guest) {
	const { id, release } = guest.kernel;
	return { kernel: { id, release }, helperName: (number: number) => `bpf_${helpers.name(number)}` };
}

function programFinding(
	object: PackageObject,
	name: string,
	nameOf: NameOf,
	result: LoadedObject,
	guest: Guest,
): Finding {
	const program = programOf(object, name);
	const identity = { object: object.file, section: program.section, type: program.meaning?.type ?? "unspec" };
	const base = { case: `program/${nameOf(name)}` };
	const loaded = result.loaded.get(name);
	if (loaded) {
		const point = hookOf(program, object.settings.programs?.[name]);
		return {
			...base,
			outcome: "pass",
			evidence: {
				...identity,
				...programEvidence(loaded),
				...("none" in point ? { not_attached: point.none } : {}),
			},
		};
	}
	if (result.unopened) {
		const { errno, libbpfLog } = result.unopened;
		const { reason, facts } = explainOpen({ object: object.file, errno, libbpfLog });
		return {
			...base,
			outcome: "fail",
			reason,
			evidence: { ...identity, ...facts, libbpf_log: tail(libbpfLog) },
		};
	}
	const refusal = result.refused.get(name);
	if (!refusal) throw new Error(`${object.file}: ${name} was neither loaded nor refused`);
	if (result.refusedMap) {
		const { reason } = explainRefusedMap(object, result.refusedMap, guest);
		const evidence = { ...identity, map: result.refusedMap.load.name };
		return { ...base, outcome: "fail", reason, evidence };
	}
	const { reason, facts } = explainLoad({
		...kernelFacts(guest),
		program: { name, section: program.section, type: identity.type },
		...refusal,
	});
	return { ...base, outcome: "fail", reason, evidence: { ...identity, ...facts, ...logEvidence(refusal) } };
}

/** Sizes in bytes, times in nanoseconds on the guest's clock, counts as the verifier prints them. */
function programEvidence({ log, info }: ProgramLoad): Record<string, unknown> {
	return { ...verifierStatistics(log), ...info };
}

function logEvidence({ errno, verifierLog, libbpfLog }: Refusal): Record<string, unknown> {
	return { errno, verifier_log: tail(verifierLog), libbpf_log: tail(libbpfLog) };
}

function tail(log: string): string {
	return log.trimEnd().split("\n").slice(-logLinesInEvidence).join("\n");
}

type RefusedMap = NonNullable<LoadedObject["refusedMap"]>;

function explainRefusedMap(object: PackageObject, { load, libbpfLog }: RefusedMap, guest: Guest) {
	const facts = object.maps.find((map) => map.name === load.name);
	const { name, errno } = load;
	const { type = "unspec", key_size, value_size, max_entries, flags } = facts ?? {};
	const sizes = Object.fromEntries(
		Object.entries({ key_size, value_size, max_entries, flags }).filter(([, value]) => value !== undefined),
	);
	return explainMap({ ...kernelFacts(guest), map: { name, type, ...sizes }, errno, libbpfLog });
}

function mapFinding(object: PackageObject, nameOf: NameOf, refused: RefusedMap, guest: Guest): Finding {
	const { reason, facts } = explainRefusedMap(object, refused, guest);
	const { name, errno } = refused.load;
	const evidence = { object: object.file, errno, ...facts, libbpf_log: tail(refused.libbpfLog) };
	return { case: `map/${nameOf(name)}`, outcome: "fail", reason, evidence };
}

async function* attachAll(
	object: PackageObject,
	nameOf: NameOf,
	result: LoadedObject,
	guest: Guest,
): AsyncIterable<Finding> {
	const points = new AttachPoints(guest.client);
	for (const name of wantedPrograms(object)) {
		const point = hook(object, name);
		if ("none" in point) continue;
		const target = { ...object.settings.programs?.[name]?.attach, hook: point.hook };
		yield await attachOne(object, { program: name }, target, nameOf, result, points, guest);
	}
	for (const name of structOpsMaps(object)) {
		yield await attachOne(object, { map: name }, { hook: "auto" }, nameOf, result, points, guest);
	}
	await points.remove();
}

async function attachOne(
	object: PackageObject,
	what: { program: string } | { map: string },
	target: AttachTarget,
	nameOf: NameOf,
	{ handle, loaded }: LoadedObject,
	points: AttachPoints,
	guest: Guest,
): Promise<Finding> {
	const name = "program" in what ? what.program : what.map;
	const base = { case: `attach/${nameOf(name)}` };
	if (handle === undefined || ("program" in what && !loaded.has(name))) {
		const reason = {
			code: "not-loaded",
			message: `${name} was not attached, because it did not load`,
			hint: `see ${"program" in what ? `program/${nameOf(name)}` : "the cases of the same object"}`,
		};
		return { ...base, outcome: "skip", reason, evidence: { object: object.file, hook: target.hook } };
	}
	let place = "";
	try {
		const point = await points.point(target);
		place = point.name;
		const { symbol, tracepoint } = target;
		const { link, id, type } = await guest.client.call("attach", {
			object: handle,
			...what,
			hook: target.hook,
			...point.where,
			...(symbol === undefined ? {} : { symbol }),
			...(tracepoint === undefined ? {} : { tracepoint }),
		});
		await guest.client.call("detach", { link });
		const evidence = {
			object: object.file,
			hook: target.hook,
			...(place ? { target: place } : {}),
			...(id === undefined ? {} : { link_id: id }),
			...(type === undefined ? {} : { link_type: linkTypes.name(type) }),
		};
		return { ...base, outcome: "pass", evidence };
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		const program = object.programs.find((candidate) => candidate.name === name);
		const { reason, facts } = explainAttach({
			...kernelFacts(guest),
			program: {
				name,
				section: program?.section ?? ".struct_ops",
				type: program?.meaning?.type ?? mapTypes.name(mapTypes.number("struct_ops") ?? 0),
			},
			hook: target.hook,
			...(place ? { target: place } : program?.meaning?.target ? { target: program.meaning.target } : {}),
			errno: error.errno,
			what: error.what,
			libbpfLog: error.log,
		});
		const evidence = { object: object.file, hook: target.hook, what: error.what, ...facts };
		return { ...base, outcome: "fail", reason, evidence: { ...evidence, libbpf_log: tail(error.log) } };
	}
}
