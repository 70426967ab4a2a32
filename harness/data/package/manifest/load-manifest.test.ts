// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { sampleManifest } from "../testpackage.js";
import { objectEntries, parseManifest } from "./load-manifest.js";

const parse = (text: string) => parseManifest("p/bpfgate.json", new Uint8Array(Buffer.from(text)));
const parseValue = (value: unknown) => parse(JSON.stringify(value));

it("reads the least manifest and gives its objects in their long form", () => {
	const manifest = parseValue({
		...sampleManifest,
		objects: ["a.o", { file: "b.o", maps: { m: { max_entries: "cpus" } } }],
	});
	expect(objectEntries(manifest)).toEqual([
		{ file: "a.o" },
		{ file: "b.o", maps: { m: { max_entries: "cpus" } } },
	]);
});

describe("refuses", () => {
	it.each([
		[
			"text that is not JSON",
			'{\n\t"name": "x",\n\t"version": 1.2.3\n}',
			'line 3 column 16: is not JSON: unexpected "."',
		],
		["text that ends too early", '{ "name": "x",\n', "line 2 column 1: is not JSON: the text ends too early"],
		["an empty file", "", "line 1 column 1: is not JSON: the text ends too early"],
		["a trailing comma", '{"name":"x",}', 'line 1 column 13: is not JSON: unexpected "}"'],
	])("%s", (_, text, message) => {
		expect(() => parse(text)).toThrow(
			expect.objectContaining({ name: "InputError", message: `p/bpfgate.json: ${message}` }),
		);
	});

	it("a key that is there twice", () => {
		const text = `{"name": "x", "version": "1", "objects": [{"file": "a.o", "maps": {}, "maps": {"m": {}}}]}`;
		expect(() => parse(text)).toThrow("p/bpfgate.json: /objects/0/maps: is there more than once");
	});

	it("bytes that are no UTF-8", () => {
		expect(() => parseManifest("m", Uint8Array.from([0x22, 0xff, 0x22]))).toThrow("m: is not UTF-8 text");
	});

	it("a file of more than a megabyte", () => {
		expect(() => parse(" ".repeat(1024 * 1024 + 1))).toThrow(
			"has 1048577 bytes, more than the 1048576 that are read",
		);
	});

	it("what nests too deeply", () => {
		expect(() => parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toThrow(
			"nests deeper than 64 levels",
		);
	});

	const { name: _, ...nameless } = sampleManifest;
	it.each([
		["no object", [], "/: must be an object"],
		["a missing key", nameless, '/: key "name" is missing'],
		["an unknown key", { ...sampleManifest, colour: 1 }, '/: unknown key "colour"'],
		["a wrong type", { ...sampleManifest, version: 3 }, "/version: must be a string"],
		[
			"a name that is not a file name",
			{ ...sampleManifest, name: "../x" },
			"/name: must match ^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
		],
		["no objects", { ...sampleManifest, objects: [] }, "/objects: must not be empty"],
		[
			"an unknown key of an object",
			{ ...sampleManifest, objects: [{ file: "a.o", rodatas: {} }] },
			'/objects/0: unknown key "rodatas"',
		],
		[
			"an unknown hook",
			{ ...sampleManifest, objects: [{ file: "a.o", programs: { p: { attach: { hook: "moon" } } } }] },
			/^p\/bpfgate.json: \/objects\/0\/programs\/p\/attach\/hook: must be "none" or "xdp"/,
		],
		[
			"an absolute object",
			{ ...sampleManifest, objects: ["/lib/a.o"] },
			'/objects/0: "/lib/a.o" is an absolute path',
		],
		[
			"an object outside",
			{ ...sampleManifest, objects: [{ file: "a/../../b.o" }] },
			'/objects/0/file: "a/../../b.o" leads out of the package',
		],
		[
			"an object in a roundabout way",
			{ ...sampleManifest, objects: ["./a.o"] },
			'/objects/0: "./a.o" is not in its shortest form',
		],
		[
			"an object with a newline",
			{ ...sampleManifest, objects: ["a\nb.o"] },
			'/objects/0: "a\\nb.o" has a control character or backslash in it',
		],
		[
			"an object twice",
			{ ...sampleManifest, objects: ["a.o", { file: "a.o" }] },
			'/objects/1/file: "a.o" is named already by /objects/0',
		],
		[
			"vectors outside",
			{ ...sampleManifest, vectors: ["../v.yaml"] },
			'/vectors/0: "../v.yaml" leads out of the package',
		],
		[
			"vectors of no kind that is read",
			{ ...sampleManifest, vectors: ["v.txt"] },
			'/vectors/0: "v.txt" is neither a vector file (.json, .yaml, .yml) nor a capture (.pcap, .pcapng, also with .gz)',
		],
		[
			"vectors twice",
			{ ...sampleManifest, vectors: ["v.yaml", "c.pcap", "v.yaml"] },
			'/vectors/2: "v.yaml" is named already by /vectors/0',
		],
		[
			"kernels the wrong way round",
			{ ...sampleManifest, kernels: { from: "6.12", to: "6.2" } },
			"/kernels/from: 6.12 is newer than /kernels/to, 6.2",
		],
		[
			"a kernel that is not a line",
			{ ...sampleManifest, kernels: { from: "six" } },
			"/kernels/from: must match ^\\d+\\.\\d+$ (first line promised)",
		],
		[
			"a feature of no kind",
			{ ...sampleManifest, kernels: { requires: ["luck:good"] } },
			/^p\/bpfgate.json: \/kernels\/requires\/0: must match/,
		],
	])("%s", (_, value, message) => {
		const failure = expect.objectContaining({
			name: "InputError",
			message: typeof message === "string" ? `p/bpfgate.json: ${message}` : expect.stringMatching(message),
		});
		expect(() => parseValue(value)).toThrow(failure);
	});
});

describe("files of guests", () => {
	const withFiles = (...files: { from: string; to: string }[]) => ({ ...sampleManifest, guest: { files } });

	it("have any path that is not the guest's own", () => {
		const files = [
			{ from: "bin/sh", to: "/usr/bin/sh" },
			{ from: "bin/sh", to: "/opt/sh/sh" },
			{ from: "lib.so", to: "/lib/x86_64-linux-gnu/lib.so" },
		];
		expect(parseValue(withFiles(...files)).guest?.files).toEqual(files);
	});

	it.each([
		["../sh", "/usr/bin/sh", '/guest/files/0/from: "../sh" leads out of the package'],
		["/bin/sh", "/usr/bin/sh", '/guest/files/0/from: "/bin/sh" is an absolute path'],
		["signatures/a", "/usr/bin/sh", '/guest/files/0/from: "signatures/a" stands in signatures/'],
		["sh", "usr/bin/sh", "/guest/files/0/to: must match"],
		["sh", "/usr/../init", '/guest/files/0/to: "/usr/../init" is not in its shortest form'],
		["sh", "/usr//sh", '/guest/files/0/to: "/usr//sh" is not in its shortest form'],
		["sh", "/usr/", '/guest/files/0/to: "/usr/" is not in its shortest form'],
		["sh", "/a\nb", "has a control character or backslash in it"],
		["sh", "/init", '/guest/files/0/to: "/init" is in /init, which is the guest\'s own'],
		["sh", "/sbin/modprobe", '/guest/files/0/to: "/sbin/modprobe" is in /sbin'],
		["sh", "/proc/sys/kernel/core_pattern", "is in /proc, which is the guest's own"],
	])("are refused: %s to %s", (from, to, message) => {
		expect(() => parseValue(withFiles({ from, to }))).toThrow(message);
	});

	it.each([["/opt/a"], ["/opt/a/b"], ["/opt"]])("are refused: %s beside /opt/a", (to) => {
		expect(() => parseValue(withFiles({ from: "x", to: "/opt/a" }, { from: "y", to }))).toThrow(
			`/guest/files/1/to: "${to}" overlaps with "/opt/a"`,
		);
	});
});
