// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { programTypes } from "../../../base/bpf.js";
import { abilities, attaching } from "./abilities.js";

const nothing = { programs: new Map(), maps: [], commands: [], readsKernel: [], writesUser: [] };
const sentences = (programs: [string, string[]][], rest = {}) =>
	abilities({ ...nothing, programs: new Map(programs), ...rest }).map(
		({ sentence, by }) => `${sentence}: ${by.join(", ")}`,
	);

it("nothing admitted is nothing that a user could do", () => {
	expect(abilities(nothing)).toEqual([]);
});

it("says what programs are good for, and what lets them", () => {
	expect(sentences([["xdp", ["xdp"]]], { maps: ["hash", "array"] })).toEqual([
		"sees every packet of the devices in its network namespace: xdp",
		"can drop, change and redirect packets: stop traffic or answer in another's name: xdp",
		"takes memory of the kernel for maps, as far as its cgroup's limit goes: hash, array",
	]);
	expect(sentences([["kprobe", []]], { writesUser: ["kprobe"] })[0]).toMatch(/takes over processes/);
	expect(sentences([["kprobe", []]], { readsKernel: ["kprobe"] })[0]).toMatch(
		/^reads any memory of the kernel.*: kprobe$/,
	);
});

it("goes by the attach type where that decides", () => {
	const refuses = /can refuse what processes ask/;
	expect(sentences([["tracing", ["trace_fentry"]]]).join()).not.toMatch(refuses);
	expect(sentences([["tracing", ["trace_fentry", "modify_return"]]]).join()).toMatch(refuses);
});

it("has something to say of every type of program, all of which are the kernel's", () => {
	for (const type of programTypes.names.slice(1))
		expect(sentences([[type, ["modify_return"]]]).length, type).toBeGreaterThan(0);
	for (const { programs } of attaching)
		for (const type of programs) expect(programTypes.number(type)).toBeDefined();
});
