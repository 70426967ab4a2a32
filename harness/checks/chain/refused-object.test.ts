// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { LoadedObject, Refusal } from "../../lab/subject/load/load-object.js";
import { type ChainEntry, entryName } from "./chain-entry.js";
import { refusedWhole } from "./refused-object.js";

const refusal = (errno: number): Refusal => ({
	...{ errno, verifierLog: "", verifierLogTruncated: false, libbpfLog: "" },
});
const entry = (name: string) =>
	({ member: { label: name, program: { name } }, program: "first" }) as ChainEntry;

function said(own: readonly string[], outcome: Partial<LoadedObject>) {
	const nothing: LoadedObject = { loaded: new Map(), refused: new Map(), maps: [] };
	const {
		entry: what,
		errno,
		call,
	} = refusedWhole("front.bpf.o", own.map(entry), { ...nothing, ...outcome });
	return [typeof what === "string" ? what : entryName(what), errno, call];
}

it("names the refused member, although another comes before it", () => {
	const refused = new Map([["filter", refusal(22)]]);
	expect(said(["account", "filter"], { refused })).toEqual(["filter", 22, "BPF_PROG_LOAD"]);
});

it("names a refused program that is not a member", () => {
	expect(said([], { refused: new Map([["root", refusal(13)]]) })).toEqual([
		"root of front.bpf.o",
		13,
		"BPF_PROG_LOAD",
	]);
});

it("names the map that made the whole object fail", () => {
	const load = { name: "rules", attempted: true, errno: 7 };
	const refused = new Map([["filter", refusal(7)]]);
	expect(said(["filter"], { refused, refusedMap: { load, libbpfLog: "" } })).toEqual([
		"the map rules of front.bpf.o",
		7,
		"BPF_MAP_CREATE",
	]);
});

it("names the object that libbpf cannot open", () => {
	expect(said(["filter"], { unopened: refusal(22) })).toEqual(["front.bpf.o", 22, "bpf_object__open"]);
});
