// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { SectionMeaning } from "../elf/section.js";
import type { ObjectFacts, ProgramFacts } from "../object.js";
import type { AttachTarget } from "./attach-target.js";

/** Keys of `attach` that say what an iterator iterates over. */
type Key = "map" | "cgroup" | "order" | "tid" | "pid";

const map: readonly Key[] = ["map"];
const task: readonly Key[] = ["tid", "pid"];
const keys: Readonly<Record<string, readonly Key[]>> = {
	bpf_map_elem: map,
	bpf_sk_storage_map: map,
	sockmap: map,
	cgroup: ["cgroup", "order"],
	task,
	task_file: task,
	task_vma: task,
};

/** The key that the kernel needs for an iterator of this section; undefined if there is none. */
export function neededKey({ target = "" }: SectionMeaning): "map" | "order" | undefined {
	const own = Object.hasOwn(keys, target) ? keys[target] : undefined;
	return own === map ? "map" : target === "cgroup" ? "order" : undefined;
}

/**
 * Checks what the manifest says of an iterator against its section and its object.
 * @throws InputError at the key that is wrong
 */
export function checkIterator(
	file: string,
	place: string,
	attach: AttachTarget,
	{ section, meaning }: ProgramFacts,
	object: Pick<ObjectFacts, "maps"> & { file: string },
): void {
	const fail = (key: string, reason: string) => new InputError(file, `${place}/attach/${key}`, reason);
	const target = meaning?.attachesTo === "iterator" ? (meaning.target ?? "") : "";
	const own = Object.hasOwn(keys, target) ? (keys[target] ?? []) : [];
	for (const key of new Set(Object.values(keys).flat())) {
		if (attach[key] === undefined) continue;
		if (!own.includes(key)) {
			const those = Object.keys(keys).filter((name) => keys[name]?.includes(key));
			const reason = `is for ${those.map((name) => `iter/${name}`).join(", ")}; the section of this one is ${section}`;
			throw fail(key, reason);
		}
		if (attach.hook !== "auto") throw fail(key, `needs the hook "auto", not ${JSON.stringify(attach.hook)}`);
	}
	if (attach.tid !== undefined && attach.pid !== undefined)
		throw fail("pid", "stands beside tid: the kernel takes one of them");
	if (attach.cgroup !== undefined && attach.order === undefined)
		throw fail("cgroup", "needs an order beside it");
	if (attach.map !== undefined && !object.maps.some(({ name }) => name === attach.map))
		throw fail("map", `${object.file} has no map ${JSON.stringify(attach.map)}`);
}
