// SPDX-License-Identifier: Apache-2.0

import { EINVAL } from "../../../base/errno.js";
import { otherLoaders } from "../../../data/package/elf/dialect.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { PackageObject } from "../../../data/package/package.js";
import { flagsOf } from "../../../data/package/told.js";
import { explainLoad, explainMap, explainOpen } from "../../../data/reasons/explain.js";
import type { Explanation } from "../../../data/reasons/facts.js";
import { verifierStatistics } from "../../../data/reasons/statistics.js";
import type { ProgramLoad } from "../../../machine/guest/operations.js";
import type { Finding, Workbench } from "../../check.js";
import { hookOf } from "../attach/hook.js";
import { informed, sourceLineOf } from "../attach/kernel-facts.js";
import { tail } from "../attach/log-tail.js";
import { contextField } from "./context-field.js";
import type { LoadedObject, Refusal } from "./load-object.js";
import { withModuleFacts } from "./module-reason.js";
import { unknownFlags } from "./unknown-flags.js";

/** The finding on one program: the statistics of its verification, or why it is refused. */
export async function programFinding(
	object: PackageObject,
	program: ProgramFacts,
	name: string,
	result: LoadedObject,
	bench: Workbench,
): Promise<Finding> {
	const identity = { object: object.file, section: program.section, type: typeOf(program) };
	const base = { case: `program/${name}` };
	const loaded = result.loaded.get(program.name);
	if (loaded) {
		const point = hookOf(program, object.settings.programs?.[program.name], object.binaries);
		const notAttached = "none" in point ? { not_attached: point.none } : {};
		const wanted = object.settings.programs?.[program.name]?.log_level;
		const log = wanted === undefined ? {} : { log_level: wanted, verifier_log: tail(loaded.log) };
		const notes = { ...notAttached, ...roundedRing(object, program), ...log };
		const evidence = { ...identity, ...measured(loaded), ...notes };
		return { ...base, outcome: "pass", evidence };
	}
	const { reason, facts } = await explain(object, program, result, bench);
	const evidence = { ...identity, ...facts };
	if (outcomeOf(reason) === "error") return { ...base, outcome: "error", reason, evidence };
	return { ...base, ...withModuleFacts(reason, object, program, bench.kernel), evidence };
}

function typeOf({ meaning }: ProgramFacts): string {
	return meaning?.type ?? "unspec";
}

/** Page size of every architecture that guests have. */
const page = 4096;

/** A ring buffer of a size that only libbpf makes fit, as a note on a pass. */
function roundedRing({ maps, settings }: PackageObject, { uses }: ProgramFacts): { note?: string } {
	for (const { name, type, max_entries } of maps) {
		const size = settings.maps?.[name]?.max_entries ?? max_entries;
		if (!/ringbuf$/.test(type) || !uses.maps.includes(name) || typeof size !== "number" || size === 0)
			continue;
		let rounded = page;
		while (rounded < size) rounded *= 2;
		if (rounded !== size)
			return {
				note: `libbpf rounds max_entries ${size} of ring buffer ${name} up to ${rounded}; other loaders get EINVAL`,
			};
	}
	return {};
}

/** Sizes in bytes, times in ns on the guest's clock, counts as the verifier prints them. */
function measured({ log, info }: ProgramLoad): Record<string, unknown> {
	return { ...verifierStatistics(log), ...info };
}

async function explain(
	object: PackageObject,
	program: ProgramFacts,
	result: LoadedObject,
	bench: Workbench,
): Promise<Explanation> {
	if (result.unopened) {
		const { errno, libbpfLog } = result.unopened;
		const { reason, facts } = explainOpen({ object: object.file, errno, libbpfLog });
		return { reason, facts: { ...facts, libbpf_log: tail(libbpfLog) } };
	}
	if (result.refusedMap) {
		const { reason } = await explainRefusedMap(object, result.refusedMap, bench);
		return { reason, facts: { map: result.refusedMap.load.name } };
	}
	const refusal = result.refused.get(program.name);
	if (!refusal) throw new Error(`${object.file}: ${program.name} was neither loaded nor refused`);
	return explainRefusal(object, program, refusal, bench);
}

async function explainRefusal(
	object: PackageObject,
	program: ProgramFacts,
	refusal: Refusal,
	bench: Workbench,
): Promise<Explanation> {
	const mayBeFlags = refusal.errno === EINVAL && refusal.verifierLog === "";
	const flags = mayBeFlags ? await unknownFlags((await bench.guest()).client, flagsOf(object, program)) : [];
	const { reason, facts } = await informed(bench, (kernel) =>
		explainLoad({
			...kernel,
			program: {
				unknownFlags: flags,
				name: program.name,
				section: program.section,
				type: typeOf(program),
				attach_type: program.meaning?.attachType,
				insns: program.insns,
				helpers: program.uses.helpers.map((name) => `bpf_${name.replace(/^bpf_/, "")}`),
				target: targetOf(object, program),
				context: (offset) => contextField(object, program, offset),
			},
			...refusal,
			sourceLine: sourceLineOf(object, program.name),
		}),
	);
	const { errno, verifierLog, libbpfLog } = refusal;
	const logs = { verifier_log: tail(verifierLog), libbpf_log: tail(libbpfLog) };
	return { reason: withLoaderHint(reason, object, program), facts: { errno, ...facts, ...logs } };
}

/** For a section that the package's loader does not know: which other one takes it, as what. */
function withLoaderHint(
	reason: Explanation["reason"],
	{ dialect }: PackageObject,
	{ section }: ProgramFacts,
): Explanation["reason"] {
	if (reason.code !== "unknown-section") return reason;
	const [other] = otherLoaders(dialect, section);
	const hint = other
		? `${other.dialect} loads it as ${other.type}: set "dialect": "${other.dialect}" in the manifest (or --dialect) if that is the package's loader, or rename the section`
		: `set objects[].programs.<name>.type in the manifest if the package's own loader gives the type; otherwise ${reason.hint}`;
	return { ...reason, hint };
}

function targetOf(object: PackageObject, { name }: ProgramFacts): "function" | "program" | undefined {
	const target = object.settings.programs?.[name]?.target;
	if (!target) return undefined;
	return target.program !== undefined && target.function === undefined ? "program" : "function";
}

type RefusedMap = NonNullable<LoadedObject["refusedMap"]>;

async function explainRefusedMap(
	object: PackageObject,
	{ load, libbpfLog }: RefusedMap,
	bench: Workbench,
): Promise<Explanation> {
	const facts = object.maps.find((map) => map.name === load.name);
	const { name, errno } = load;
	const { type, key_size, value_size, max_entries, flags } = facts ?? {};
	const sizes = Object.fromEntries(
		Object.entries({ key_size, value_size, max_entries, flags }).filter(([, value]) => value !== undefined),
	);
	const inner = object.settings.maps?.[name]?.inner ?? facts?.inner;
	const { reason, facts: found } = await informed(bench, (kernel) =>
		explainMap({
			...kernel,
			map: { name, type: type ?? "unspec", ...sizes },
			...(inner ? { inner: { ...inner, max_entries: Number(inner.max_entries) } } : {}),
			others: new Map(object.maps.map((map) => [map.name, map])),
			errno,
			libbpfLog,
		}),
	);
	const cleared = type === "ringbuf" && value_size && reason.code === "map-attributes";
	return { reason: cleared ? { ...reason, hint: ringbufHint } : reason, facts: found };
}

const ringbufHint =
	'set value_size to 0 in the manifest, or "dialect": "cilium/ebpf" if that is the package\'s loader: it clears the size';

/** A guest with too little memory says nothing about the package. */
function outcomeOf({ code }: Explanation["reason"]): "fail" | "error" {
	return code === "out-of-memory" ? "error" : "fail";
}

/** The finding on a map that the kernel refused. */
export async function mapFinding(
	object: PackageObject,
	name: string,
	refused: RefusedMap,
	bench: Workbench,
): Promise<Finding> {
	const { reason, facts } = await explainRefusedMap(object, refused, bench);
	const evidence = {
		object: object.file,
		errno: refused.load.errno,
		...facts,
		libbpf_log: tail(refused.libbpfLog),
	};
	return { case: `map/${name}`, outcome: outcomeOf(reason), reason, evidence };
}
