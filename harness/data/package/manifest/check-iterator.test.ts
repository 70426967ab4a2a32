// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { meaningOf } from "../elf/section.js";
import type { ObjectFacts, ProgramFacts } from "../object.js";
import type { AttachTarget } from "./attach-target.js";
import { checkIterator, neededKey } from "./check-iterator.js";

const object = { file: "a.o", maps: [{ name: "counts" }] as unknown as ObjectFacts["maps"] };

const check = (section: string, place: Partial<AttachTarget>) => () => {
	const meaning = meaningOf(section);
	const program = { name: "p", section, ...(meaning ? { meaning } : {}) } as ProgramFacts;
	checkIterator("m", "/p", { hook: "auto", ...place }, program, object);
};

describe("what an iterator iterates over", () => {
	it.each([
		["iter/bpf_map_elem", { map: "counts" }],
		["iter/cgroup", { order: "self_only", cgroup: "a/b" }],
		["iter.s/task_file", { tid: 1 }],
		["iter/task", { pid: 1 }],
		["iter/bpf_map", {}],
		["xdp", { hook: "xdp" }],
	] as const)("%s takes %o", (section, place) => check(section, place)());

	it.each([
		["iter/bpf_map_elem", { map: "none" }, '/map: a.o has no map "none"'],
		["iter/bpf_map_elem", { tid: 1 }, "/tid: is for iter/task, iter/task_file, iter/task_vma; the section"],
		["xdp", { map: "counts" }, "/map: is for iter/bpf_map_elem, iter/bpf_sk_storage_map, iter/sockmap"],
		["iter/constructor", { map: "counts" }, "/map: is for"],
		["iter/cgroup", { cgroup: "a" }, "/cgroup: needs an order beside it"],
		["iter/task", { tid: 1, pid: 1 }, "/pid: stands beside tid"],
		["iter/task", { hook: "xdp", tid: 1 }, '/tid: needs the hook "auto", not "xdp"'],
	] as const)("%s does not take %o", (section, place, message) => {
		expect(check(section, place)).toThrow(`m: /p/attach${message}`);
	});

	it("knows what the kernel cannot do without", () => {
		const of = (section: string) => neededKey(meaningOf(section)!);
		expect(["iter/sockmap", "iter/cgroup", "iter/task", "iter/constructor"].map(of)).toEqual([
			"map",
			"order",
			undefined,
			undefined,
		]);
	});
});
