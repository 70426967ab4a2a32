// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { programTypes } from "../../../base/bpf.js";
import { abilities, attaching } from "./abilities.js";

const nothing = { programs: new Map(), maps: [], commands: [], readsKernel: [], writesUser: [] };
const sentences = (programs: [string, string[]][], rest = {}) =>
	abilities({ ...nothing, programs: new Map(programs), ...rest }).map(
		({ sentence, by }) => `${sentence}: ${by.join(", ")}`,
	);

it("lists nothing where nothing was allowed", () => {
	expect(abilities(nothing)).toEqual([]);
});

it("says what programs can do, and which types allow it", () => {
	expect(sentences([["xdp", ["xdp"]]], { maps: ["hash", "array"] })).toEqual([
		"sees every packet of the devices in its network namespace: xdp",
		"can drop, change and redirect packets: stop traffic or answer in another's name: xdp",
		"uses kernel memory for maps, up to its cgroup's limit: hash, array",
	]);
	expect(sentences([["kprobe", []]], { writesUser: ["kprobe"] })[0]).toMatch(/takes over other users/);
	expect(sentences([["kprobe", []]], { readsKernel: ["kprobe"] })[0]).toMatch(
		/^reads all kernel memory.*: kprobe$/,
	);
});

it("depends on the attach type where that matters", () => {
	const refuses = /can refuse system calls/;
	expect(sentences([["tracing", ["trace_fentry"]]]).join()).not.toMatch(refuses);
	expect(sentences([["tracing", ["trace_fentry", "modify_return"]]]).join()).toMatch(refuses);
});

it("covers every program type, and names only types of the kernel", () => {
	for (const type of programTypes.names.slice(1))
		expect(sentences([[type, ["modify_return"]]]).length, type).toBeGreaterThan(0);
	for (const { programs } of attaching)
		for (const type of programs) expect(programTypes.number(type)).toBeDefined();
});
