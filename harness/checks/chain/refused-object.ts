// SPDX-License-Identifier: Apache-2.0
import type { LoadedObject, Refusal } from "../../lab/subject/load/load-object.js";
import type { ChainEntry } from "./chain-entry.js";
import { RefusedEntry } from "./mechanism.js";

/** Why no program of an object was loaded. @param own the entries in the object */
export function refusedWhole(
	file: string,
	own: readonly ChainEntry[],
	{ refused, refusedMap, unopened }: LoadedObject,
): RefusedEntry {
	if (unopened) return new RefusedEntry(file, unopened.errno, "bpf_object__open", undefined, unopened);
	if (refusedMap) {
		const { load, libbpfLog } = refusedMap;
		const logs = { verifierLog: "", libbpfLog };
		return new RefusedEntry(`the map ${load.name} of ${file}`, load.errno, "BPF_MAP_CREATE", undefined, logs);
	}
	const entry = own.find(({ member }) => refused.has(member.program.name));
	if (entry) return refusedProgram(entry, refused.get(entry.member.program.name));
	const [[name, refusal] = ["", undefined]] = refused;
	return refusedProgram(`${name} of ${file}`, refusal);
}

/** Why one program was not loaded. @param refusal undefined when the kernel was not asked */
export function refusedProgram(entry: ChainEntry | string, refusal: Refusal | undefined): RefusedEntry {
	return new RefusedEntry(entry, refusal?.errno ?? 0, "BPF_PROG_LOAD", undefined, refusal);
}
