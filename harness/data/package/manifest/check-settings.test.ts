// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { sampleObject } from "../elf/testobject.js";
import { readObject } from "../object.js";
import { checkSettings } from "./check-settings.js";
import type { Manifest, ObjectEntry } from "./manifest.js";
import { wildcard } from "./wildcard.js";

const facts = readObject("count.bpf.o", sampleObject());

function check(settings: Omit<ObjectEntry, "file">, more: Partial<Manifest> = {}): void {
	const entry = { file: "count.bpf.o", ...settings };
	const manifest: Manifest = { name: "x", version: "1", objects: [entry], ...more };
	checkSettings("bpfgate.json", manifest, [{ ...facts, file: entry.file, settings: entry }]);
}

it("accepts settings of what is there", () => {
	check(
		{
			rodata: { limit: 3 },
			maps: { hits: { max_entries: "cpus" } },
			programs: { count: { autoload: false, target: { program: "count" } } },
		},
		{
			kernels: { requires: ["map_type:ringbuf", "helper:xdp/bpf_map_lookup_elem", "config:CONFIG_BPF_LSM"] },
			expect: {
				failures: [
					{ case: "load/program/count" },
					{ case: "load/*/count" },
					{ case: "load/map/count/hits" },
					{ case: "vectors/syn-flood" },
				],
			},
		},
	);
});

describe("refuses", () => {
	const inner = { type: "array", key_size: 4, value_size: 4, max_entries: 1 };
	const cases: [string, Omit<ObjectEntry, "file">, Partial<Manifest>, string][] = [
		[
			"an unknown program",
			{ programs: { "a/b": {} } },
			{},
			"/objects/0/programs/a~1b: count.bpf.o has no program of this name; it has count",
		],
		[
			"an unknown map",
			{ maps: { misses: {} } },
			{},
			"/objects/0/maps/misses: count.bpf.o has no map of this name; it has hits, .rodata, .bss, .kconfig",
		],
		[
			"an unknown constant",
			{ rodata: { top: 1 } },
			{},
			"/objects/0/rodata/top: count.bpf.o has no constant of this name in .rodata",
		],
		[
			"an inner map of a map that holds none",
			{ maps: { hits: { inner } } },
			{},
			"/objects/0/maps/hits/inner: hits is of type percpu_array, which holds no maps",
		],
		[
			"an unknown type of map",
			{ maps: { hits: { type: "ring" } } },
			{},
			'/objects/0/maps/hits/type: "ring" is not a type of map',
		],
		[
			"an unknown type of program",
			{ programs: { count: { type: "xpd" } } },
			{},
			'/objects/0/programs/count/type: "xpd" is not a type of program',
		],
		[
			"a type that does not say which program it is",
			{ programs: { count: { type: "cgroup_sock_addr" } } },
			{},
			"/objects/0/programs/count/type: cgroup_sock_addr needs an attach_type beside it",
		],
		[
			"an attach type of another type",
			{ programs: { count: { type: "xdp", attach_type: "tcx_ingress" } } },
			{},
			'/objects/0/programs/count/attach_type: "tcx_ingress" is not an attach type of xdp programs',
		],
		[
			"an attach type alone",
			{ programs: { count: { attach_type: "tcx_ingress" } } },
			{},
			"/objects/0/programs/count/attach_type: needs a type beside it",
		],
		[
			"a target object that is not there",
			{ programs: { count: { target: { object: "b.o", program: "p" } } } },
			{},
			"/objects/0/programs/count/target/object: is not an object of this package",
		],
		[
			"a target object without a program",
			{ programs: { count: { target: { object: "count.bpf.o" } } } },
			{},
			"/objects/0/programs/count/target: names an object but no program of it",
		],
		[
			"a target program that is not there",
			{ programs: { count: { target: { program: "p" } } } },
			{},
			'/objects/0/programs/count/target/program: count.bpf.o has no program "p"; it has count',
		],
		[
			"an unknown map type",
			{},
			{ kernels: { requires: ["map_type:ring"] } },
			'/kernels/requires/0: there is no map type "ring"',
		],
		[
			"a helper of an unknown program type",
			{},
			{ kernels: { requires: ["helper:xpd/bpf_map_lookup_elem"] } },
			'/kernels/requires/0: there is no program type "xpd"',
		],
		[
			"an unknown link type",
			{},
			{ kernels: { requires: ["link_type:tcz"] } },
			'/kernels/requires/0: there is no link type "tcz"',
		],
		[
			"an unknown helper",
			{},
			{ kernels: { requires: ["config:CONFIG_BPF", "helper:bpf_magic"] } },
			'/kernels/requires/1: there is no helper "bpf_magic"',
		],
		[
			"an expectation of no case",
			{},
			{ expect: { failures: [{ case: "load/program/discount" }] } },
			'/expect/failures/0/case: "load/program/discount" does not match any case of this package',
		],
		[
			"an expectation of any case whatever",
			{},
			{ expect: { failures: [{ case: "*" }] } },
			'/expect/failures/0/case: "*" must begin with the name of a check',
		],
		[
			"an expectation of leftovers",
			{},
			{ expect: { failures: [{ case: "load/leftovers/count.bpf.o" }] } },
			'/expect/failures/0/case: "load/leftovers/count.bpf.o" names leftovers cases, which a package cannot announce',
		],
	];
	it.each(cases)("%s", (_, settings, manifest, message) => {
		expect(() => check(settings, manifest)).toThrow(
			expect.objectContaining({ name: "InputError", message: `bpfgate.json: ${message}` }),
		);
	});
});

it.each([
	["load/program/a", "load/program/a", true],
	["load/program/a", "load/program/ab", false],
	["*", "", true],
	["load/*", "load/map/x", true],
	["*/a", "load/map/b", false],
	["a*b*c", "a-b-b-c", true],
	["a*b*c", "abc", true],
	["a*b*b", "ab", false],
	["a*a", "a", false],
	["a.c", "abc", false],
])("the pattern %j and %j: %s", (pattern, text, matches) => {
	expect(wildcard(pattern)(text)).toBe(matches);
});

describe("a binary", () => {
	const attach = { hook: "auto", binary: "/usr/bin/sh", symbol: "main" } as const;
	const of = (section: string, settings: object) => {
		const object = readObject("count.bpf.o", sampleObject({ section }));
		const entry = { file: "count.bpf.o", programs: { count: { attach: { ...attach, ...settings } } } };
		const manifest: Manifest = { name: "x", version: "1", objects: [entry] };
		return () => checkSettings("m", manifest, [{ ...object, file: entry.file, settings: entry }]);
	};

	it("is taken for programs of user space", () => {
		of("uprobe", {})();
		of("usdt", { symbol: undefined, probe: "libc:setjmp" })();
	});

	it.each([
		["xdp", {}, "/binary: is for uprobe and USDT programs; the section of this one is xdp"],
		["uprobe", { hook: "xdp" }, '/binary: needs the hook "auto", not "xdp"'],
		["uprobe", { symbol: undefined }, "/binary: needs a symbol beside it: what of the binary to attach to"],
		["usdt", {}, "/binary: needs a probe beside it: what of the binary to attach to"],
		["usdt", { binary: undefined, probe: "a:b" }, "/probe: needs a binary beside it"],
	])("is refused: %s %o", (section, settings, message) => {
		expect(of(section, settings)).toThrow(`m: /objects/0/programs/count/attach${message}`);
	});
});
