// SPDX-License-Identifier: Apache-2.0

import { verifierStatistics } from "../../../data/reasons/statistics.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { GuestError } from "../../../machine/guest/client.js";
import type { Args, MapLoad, ProgramLoad, Result } from "../../../machine/guest/operations.js";

/** BPF_LOG_STATS and BPF_LOG_LEVEL1 of include/linux/bpf_verifier.h. */
export const statistics = 4;
export const verbose = 1 | statistics;
const logBytes = 64 * 1024;
/** Above so many instructions a log of every state takes a minute in TCG, and loses the verdict. */
const verboseInsns = 50_000;

/** Whether the verifier would take too long to log every state of the program with this log. */
export function isLong(log: string): boolean {
	return (verifierStatistics(log).insns_processed ?? 0) > verboseInsns;
}

/** Why the kernel or libbpf refused a program, or the object as a whole. */
export interface Refusal {
	errno: number;
	verifierLog: string;
	verifierLogTruncated: boolean;
	libbpfLog: string;
}

/** The result of loading one object. Each requested program is in either `loaded` or `refused`. */
export interface LoadedObject {
	/** The agent's handle of the object with all programs that load; absent when none does. */
	handle?: number;
	opened?: Result<"object_open">;
	loaded: Map<string, ProgramLoad>;
	refused: Map<string, Refusal>;
	maps: MapLoad[];
	/** The map at which loading stopped. */
	refusedMap?: { load: MapLoad; libbpfLog: string };
	/** libbpf could not open the object at all. */
	unopened?: Refusal;
}

type Attempt = Result<"object_load"> & { handle: number; opened: Result<"object_open"> };

/**
 * Loads all programs that load, and finds out why others are refused: libbpf stops at the first, so
 * that one is left out and the rest is loaded again.
 * @param wanted names of the programs to load; the object's others are left out
 * @param coverage loads programs with probes (`coverage_read`) where the kernel accepts them
 */
export async function loadObject(
	client: GuestClient,
	args: Args<"object_open">,
	wanted: readonly string[],
	coverage = false,
): Promise<LoadedObject> {
	const refused = new Map<string, Refusal>();
	let rest = [...wanted];
	// Each round but the last leaves a further program out.
	for (;;) {
		const attempt = await load(client, args, { programs: rest, leftOut: refused }, statistics, coverage);
		if (!("handle" in attempt)) return { loaded: new Map(), refused, maps: [], unopened: attempt };
		if (attempt.errno === 0) return complete(attempt, rest, refused);
		await client.call("object_close", { object: attempt.handle });

		const map = attempt.maps.find((candidate) => candidate.attempted && candidate.errno !== 0);
		if (map) {
			for (const name of rest) refused.set(name, wholeObject(attempt));
			return {
				opened: attempt.opened,
				loaded: new Map(),
				refused,
				maps: attempt.maps,
				refusedMap: { load: map, libbpfLog: attempt.log },
			};
		}
		const left = refused.size;
		for (const [name, refusal] of await findCulprits(client, args, rest, attempt)) {
			if (!refused.has(name)) refused.set(name, refusal);
		}
		if (refused.size === left) for (const name of rest) refused.set(name, wholeObject(attempt));
		rest = rest.filter((name) => !refused.has(name));
		if (rest.length === 0) {
			return { opened: attempt.opened, loaded: new Map(), refused, maps: attempt.maps };
		}
	}
}

/**
 * The programs that cause a failed load: the log names one that the kernel refuses; else each is
 * loaded alone. Programs that fail only together all get the refusal.
 */
async function findCulprits(
	client: GuestClient,
	args: Args<"object_open">,
	programs: readonly string[],
	failed: Attempt,
): Promise<Map<string, Refusal>> {
	const named = failed.programs.find((program) => program.attempted && program.errno !== 0);
	const culprits = new Map<string, Refusal>();
	if (named && isLong(named.log)) return culprits.set(named.name, refusalOf(failed, named));
	for (const name of named ? [named.name] : programs) {
		const others = { has: (other: string) => other !== name };
		const alone = await load(client, args, { programs: [name], leftOut: others }, verbose);
		if (!("handle" in alone)) {
			culprits.set(name, alone);
			continue;
		}
		await client.call("object_close", { object: alone.handle });
		const program = alone.programs.find((candidate) => candidate.name === name);
		if (alone.errno !== 0) culprits.set(name, refusalOf(alone, program));
		else if (named) culprits.set(name, refusalOf(failed, named));
	}
	if (culprits.size === 0) for (const name of programs) culprits.set(name, wholeObject(failed));
	return culprits;
}

function refusalOf(attempt: Attempt, program: ProgramLoad | undefined): Refusal {
	if (!program?.attempted || program.errno === 0) return wholeObject(attempt);
	return {
		errno: program.errno,
		verifierLog: program.log,
		verifierLogTruncated: program.log_truncated,
		libbpfLog: attempt.log,
	};
}

function wholeObject(attempt: Attempt): Refusal {
	return { errno: attempt.errno, verifierLog: "", verifierLogTruncated: false, libbpfLog: attempt.log };
}

/** Programs of an object to load, and those that no struct_ops map may bring along. */
interface Selection {
	programs: readonly string[];
	leftOut: { has(name: string): boolean };
}

/** Opens and loads with exactly these programs; a Refusal when libbpf cannot open the object. */
async function load(
	client: GuestClient,
	args: Args<"object_open">,
	{ programs, leftOut }: Selection,
	logLevel: number,
	coverage = false,
): Promise<Attempt | Refusal> {
	const others = args.programs ?? [];
	const settings = others.map((setting) => ({
		...setting,
		autoload: programs.includes(setting.name),
		...(leftOut.has(setting.name) ? { left_out: true } : {}),
	}));
	let opened: Result<"object_open">;
	try {
		opened = await client.call("object_open", { ...args, programs: settings });
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		return {
			errno: error.errno,
			verifierLog: "",
			verifierLogTruncated: false,
			libbpfLog: error.log ?? error.what,
		};
	}
	const { maps, ...outcome } = await client.call("object_load", {
		object: opened.object,
		log_level: logLevel,
		log_bytes: logBytes,
		...(coverage ? { coverage } : {}),
	});
	return { ...outcome, maps: maps.map(inSection), handle: opened.object, opened };
}

/** libbpf calls the map of a data section `object.bss`; the object calls it `.bss`. */
function inSection(map: MapLoad): MapLoad {
	return { ...map, name: map.name.replace(/^[^.]+(?=\.)/, "") };
}

function complete(
	attempt: Attempt,
	programs: readonly string[],
	refused: Map<string, Refusal>,
): LoadedObject {
	const loaded = new Map<string, ProgramLoad>();
	for (const name of programs) {
		const program = attempt.programs.find((candidate) => candidate.name === name);
		if (program?.attempted && program.errno === 0) loaded.set(name, program);
		else refused.set(name, wholeObject(attempt));
	}
	return { handle: attempt.handle, opened: attempt.opened, loaded, refused, maps: attempt.maps };
}
