// SPDX-License-Identifier: Apache-2.0
import type { LoadedObject } from "../../lab/subject/load/load-object.js";
import { BuildError } from "./mechanism.js";
import type { Part } from "./part.js";

/**
 * Of an object of which no program was loaded: what stopped it. @param own the parts that are in it
 */
export function refusedWhole(
	file: string,
	own: readonly Part[],
	{ refused, refusedMap, unopened }: LoadedObject,
): BuildError {
	if (unopened) return new BuildError(file, unopened.errno, "libbpf, which was to open it,");
	if (refusedMap) {
		const { name, errno } = refusedMap.load;
		return new BuildError(`the map ${name} of ${file}`, errno, "BPF_MAP_CREATE");
	}
	const part = own.find(({ member }) => refused.has(member.program.name));
	const [[name, refusal] = ["", undefined]] = refused;
	if (!part) return new BuildError(`${name} of ${file}`, refusal?.errno ?? 0, "BPF_PROG_LOAD");
	return new BuildError(part, refused.get(part.member.program.name)!.errno, "BPF_PROG_LOAD");
}
