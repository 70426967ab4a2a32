// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe } from "vitest";
import { sampleObject } from "../data/package/elf/testobject.js";
import { tarOf } from "../data/package/testpackage.js";
import { at, folder, manifest, object, put, type Row, refuse, sample, tar, test } from "./testbroken.js";

const objects: Row[] = [
	["an empty object", () => put("x.o", ""), test("x.o"), "…/x.o: is empty"],
	[
		"an object that is text",
		() => put("x.o", "hello\n"),
		test("x.o"),
		"…/x.o: ELF header: is not an ELF object: it does not begin with 7f 45 4c 46",
	],
	[
		"an object cut in its header",
		() => object((bytes) => bytes.subarray(0, 40)),
		test("x.o"),
		"…/x.o: ELF header: ends at 0x40 but the file has 0x28 bytes",
	],
	[
		"an object cut in its sections",
		() => object((bytes) => bytes.subarray(0, 200)),
		test("x.o"),
		"…/x.o: section header table: ends at 0x68e but the file has 0xc8 bytes",
	],
	[
		"an object of 32 bits",
		() => object(at(4, 1)),
		test("x.o"),
		"…/x.o: ELF header: is a 32-bit ELF file; eBPF objects are 64-bit",
	],
	[
		"an object for another machine",
		() => object(at(18, 62, 0)),
		test("x.o"),
		"…/x.o: ELF header: is for x86-64, not eBPF; build with clang -target bpf",
	],
	[
		"an executable",
		() => object(at(16, 2, 0)),
		test("x.o"),
		"…/x.o: ELF header: is an executable, not a relocatable object",
	],
	[
		"a section table beyond the end",
		() => object(at(40, 0xff, 0xff, 0xff, 0xff)),
		test("x.o"),
		"…/x.o: section header table: ends at 0x10000003f but the file has 0x9ce bytes",
	],
	[
		"no program in it",
		() => object(at(60, 0, 0)),
		test("x.o"),
		"…/x.o: ELF header: names section 13 for names but there are 0 sections",
	],
	["a path that does not exist", () => {}, test("x.o"), "…/x.o: does not exist"],
	[
		"a folder without a manifest",
		() => put("p/x.o", sampleObject()),
		test("p"),
		"…/p/bpfgate.json: is missing; a package has it at its top",
	],
	[
		"a FIFO",
		() => execFileSync("mkfifo", [join(folder, "x.o")]),
		test("x.o"),
		"…/x.o: is not a regular file",
	],
	[
		"a device",
		() => symlinkSync("/dev/zero", join(folder, "x.o")),
		test("x.o"),
		"…/x.o: is not a regular file",
	],
	[
		"a link to itself",
		() => symlinkSync("x.o", join(folder, "x.o")),
		test("x.o"),
		"…/x.o: cannot be read: too many symbolic links encountered",
	],
	[
		"a name with U+202E and a line break",
		() => put("a\u202eb\nc.o", ""),
		test("a\u202eb\nc.o"),
		"…/a\\u{202e}b c.o: is empty",
	],
];
const manifests: Row[] = [
	[
		"an empty manifest",
		() => manifest(""),
		test("p"),
		"…/p/bpfgate.json: line 1 column 1: is not JSON: the text ends too early",
	],
	[
		"a manifest that is no JSON",
		() => manifest("{\n 'name': 1}"),
		test("p"),
		'…/p/bpfgate.json: line 2 column 2: is not JSON: unexpected "\'"',
	],
	[
		"a manifest that ends early",
		() => manifest('{"name": "a"'),
		test("p"),
		"…/p/bpfgate.json: line 1 column 13: is not JSON: the text ends too early",
	],
	["a manifest that is a list", () => manifest("[]"), test("p"), "…/p/bpfgate.json: /: must be an object"],
	[
		"a manifest in UTF-16",
		() => put("p/bpfgate.json", Buffer.from("{}", "utf16le")),
		test("p"),
		'…/p/bpfgate.json: line 1 column 2: is not JSON: unexpected "\\u0000"',
	],
	[
		"a manifest with __proto__",
		() => manifest('{"name":"a","version":"1","objects":["a.o"],"__proto__":{"a":1}}'),
		test("p"),
		'…/p/bpfgate.json: /: unknown key "__proto__"',
	],
	[
		"a key that is there twice",
		() => manifest('{"name":"a","name":"b","version":"1","objects":["a.o"]}'),
		test("p"),
		"…/p/bpfgate.json: /name: is there more than once",
	],
	[
		"a manifest that nests deeply",
		() => manifest(`{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
		test("p"),
		"…/p/bpfgate.json: nests deeper than 64 levels",
	],
	[
		"a manifest of 20 MB",
		() => manifest(`{"name":"${"a".repeat(20 << 20)}"}`),
		test("p"),
		"…/p/bpfgate.json: has 20971531 bytes, more than the 1048576 that are read",
	],
	[
		"a name with U+202E",
		() => sample({ name: "a\u202eb" }),
		test("p"),
		"…/p/bpfgate.json: /name: must match ^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
	],
	["an unknown key", () => sample({ colour: "red" }), test("p"), '…/p/bpfgate.json: /: unknown key "colour"'],
	["no objects", () => sample({ objects: [] }), test("p"), "…/p/bpfgate.json: /objects: must not be empty"],
	[
		"an object outside of the package",
		() => sample({ objects: ["../x.o"] }),
		test("p"),
		'…/p/bpfgate.json: /objects/0: "../x.o" leads out of the package',
	],
	[
		"an absolute path of an object",
		() => sample({ objects: ["/etc/passwd"] }),
		test("p"),
		'…/p/bpfgate.json: /objects/0: "/etc/passwd" is an absolute path',
	],
	[
		"an object that is a folder",
		() => sample({ objects: ["bpf"] }),
		test("p"),
		"…/p/bpf: is not a regular file",
	],
	[
		"an object named twice",
		() => sample({ objects: ["bpf/count.bpf.o", "bpf/count.bpf.o"] }),
		test("p"),
		'…/p/bpfgate.json: /objects/1: "bpf/count.bpf.o" is named already by /objects/0',
	],
	[
		"a program that the object lacks",
		() => sample({ objects: [{ file: "bpf/count.bpf.o", programs: { nope: {} } }] }),
		test("p"),
		"…/p/bpfgate.json: /objects/0/programs/nope: bpf/count.bpf.o has no program of this name; it has count",
	],
	[
		"a kernel that is none",
		() => sample({ kernels: { from: "6.x" } }),
		test("p"),
		"…/p/bpfgate.json: /kernels/from: must match ^\\d+\\.\\d+$ (first line promised)",
	],
	[
		"a manifest that is a folder",
		() => mkdirSync(join(folder, "p/bpfgate.json"), { recursive: true }),
		test("p"),
		"…/p/bpfgate.json: is not a regular file",
	],
	[
		"vectors that are a file",
		() => {
			sample({ vectors: "v" });
			put("p/v", "");
		},
		test("p"),
		"…/p/bpfgate.json: /vectors: must be an array",
	],
];
const archives: Row[] = [
	[
		"an archive cut short",
		() => put("p.tar", tar().subarray(0, 700)),
		test("p.tar"),
		"…/p.tar: is damaged: Truncated input (needed 512 more bytes, only 188 available)",
	],
	[
		"a gzip stream cut short",
		() => put("p.tgz", gzipSync(tar()).subarray(0, 60)),
		test("p.tgz"),
		"…/p.tgz: is damaged gzip",
	],
	[
		"an archive without a manifest",
		() => put("p.tar", tarOf([{ path: "a" }])),
		test("p.tar"),
		"…/p.tar/bpfgate.json: is missing; a package has it at its top",
	],
	[
		"an archive that leads outside",
		() => put("p.tar", tar({ path: "../x", data: "x" })),
		test("p.tar"),
		'…/p.tar: "../x": leads out of the package',
	],
	[
		"an archive with a device",
		() => put("p.tar", tar({ path: "x", type: "3" })),
		test("p.tar"),
		'…/p.tar: "x": is a CharacterDevice, which no package needs',
	],
	[
		"an archive with a file twice",
		() => put("p.tar", tar({ path: "x" }, { path: "x" })),
		test("p.tar"),
		'…/p.tar: "x": is there twice',
	],
	[
		"an archive bomb",
		() => put("p.tgz", gzipSync(Buffer.concat([tar(), Buffer.alloc(300 << 20)]))),
		test("p.tgz"),
		"…/p.tgz: unpacks to more than 33554432 bytes",
	],
	[
		"a link in an archive for an object",
		() => put("p.tar", tar({ path: "bpf/count.bpf.o", type: "2", link: "/etc/passwd" })),
		test("p.tar"),
		'…/p.tar: "bpf/count.bpf.o": is a link that leads out of the package',
	],
];
describe("an object is refused:", () => refuse(objects));
describe("a manifest is refused:", () => refuse(manifests));
describe("an archive is refused:", () => refuse(archives));
