// SPDX-License-Identifier: Apache-2.0
import type { LoadedObject } from "../../lab/subject/load/load-object.js";
import type { ChainEntry } from "./chain-entry.js";
import { RefusedEntry } from "./mechanism.js";

/** Why no program of an object was loaded. @param own the entries in the object */
export function refusedWhole(
	file: string,
	own: readonly ChainEntry[],
	{ refused, refusedMap, unopened }: LoadedObject,
): RefusedEntry {
	if (unopened) return new RefusedEntry(file, unopened.errno, "bpf_object__open");
	if (refusedMap) {
		const { name, errno } = refusedMap.load;
		return new RefusedEntry(`the map ${name} of ${file}`, errno, "BPF_MAP_CREATE");
	}
	const entry = own.find(({ member }) => refused.has(member.program.name));
	const [[name, refusal] = ["", undefined]] = refused;
	if (!entry) return new RefusedEntry(`${name} of ${file}`, refusal?.errno ?? 0, "BPF_PROG_LOAD");
	return new RefusedEntry(entry, refused.get(entry.member.program.name)!.errno, "BPF_PROG_LOAD");
}
