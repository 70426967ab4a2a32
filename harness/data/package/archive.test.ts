// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { isArchive, readArchive } from "./archive.js";
import { type TarEntry, tarOf } from "./testpackage.js";

const entries: TarEntry[] = [
	{ path: "./", type: "5" },
	{ path: "./bpfgate.json", data: "{}" },
	{ path: "bpf/", type: "5" },
	{ path: "bpf/a.o", data: new Uint8Array(randomBytes(70_000)) },
	{ path: "bpf/b.o", type: "2", link: "a.o" },
];
const plain = tarOf(entries);

describe("unpacks", () => {
	it.each([
		["plain", plain],
		["gzip", new Uint8Array(gzipSync(plain))],
	])("%s", async (_, bytes) => {
		expect(isArchive(bytes)).toBe(true);
		const files = await readArchive("x.tar", bytes);
		expect([...files].map(([name, { kind, bytes: content }]) => [name, kind, content.length])).toEqual([
			["bpfgate.json", "file", 2],
			["bpf/a.o", "file", 70_000],
			["bpf/b.o", "link", 0],
		]);
		expect(Buffer.compare(files.get("bpf/a.o")!.bytes, entries[3]!.data as Uint8Array)).toBe(0);
	});
});

it("tells an archive from an object", () => {
	expect(isArchive(new Uint8Array(0))).toBe(false);
	expect(isArchive(Buffer.from("\x7fELF"))).toBe(false);
});

describe("refuses", () => {
	const file = (path: string): TarEntry => ({ path, data: "x" });
	const cases: [string, Uint8Array, string | RegExp][] = [
		["an absolute path", tarOf([file("/etc/passwd")]), 'x.tar: "/etc/passwd": leads out of the package'],
		["a path that leads out", tarOf([file("a/../../b")]), 'x.tar: "a/../../b": leads out of the package'],
		[
			"a symbolic link that leads out",
			tarOf([{ path: "a/b", type: "2", link: "../../etc/passwd" }]),
			'x.tar: "a/b": is a link that leads out of the package',
		],
		[
			"an absolute link",
			tarOf([{ path: "b", type: "2", link: "/etc/passwd" }]),
			'x.tar: "b": is a link that leads out of the package',
		],
		[
			"a hard link that leads out",
			tarOf([{ path: "a/b", type: "1", link: "../c" }]),
			'x.tar: "a/b": is a link that leads out of the package',
		],
		[
			"a device",
			tarOf([{ path: "null", type: "3" }]),
			'x.tar: "null": is a CharacterDevice, which no package needs',
		],
		["two files of one path", tarOf([file("a"), file("./a")]), 'x.tar: "./a": is there twice'],
		[
			"a link of a file's path",
			tarOf([file("a"), { path: "a", type: "2", link: "b" }]),
			'x.tar: "a": is there twice',
		],
		["a path of many spellings", tarOf([file("a/./b")]), 'x.tar: "a/./b": is not the plain path of a file'],
		["another one", tarOf([file("a//b")]), 'x.tar: "a//b": is not the plain path of a file'],
		[
			"a file below a file",
			tarOf([file("a/b/c"), file("a-b"), file("a/b")]),
			'x.tar: "a/b": is both a file and a folder',
		],
		[
			"a file below a link",
			tarOf([{ path: "a", type: "2", link: "b" }, file("a/c")]),
			'x.tar: "a": is both a file and a folder',
		],
		[
			"too many entries",
			tarOf(Array.from({ length: 10_001 }, (_, n) => file(`f${n}`))),
			"x.tar: holds more than 10000 entries",
		],
		["a truncated archive", plain.subarray(0, 3000), /^x.tar: is damaged: /],
		["a wrong checksum", tarOf(entries).fill(65, 512 + 100, 512 + 107), /^x.tar: is damaged: /],
		["damaged gzip", new Uint8Array(gzipSync(plain)).subarray(0, 100), "x.tar: is damaged gzip"],
		["gzip of something else", new Uint8Array(gzipSync("hello")), "x.tar: holds no tar archive"],
		[
			"what is compressed twice",
			new Uint8Array(gzipSync(gzipSync(plain))),
			"x.tar: holds no tar archive but is compressed twice",
		],
	];
	it.each(cases)("%s", async (_, bytes, message) => {
		const failure = await readArchive("x.tar", bytes).catch((error: Error) => error);
		expect(failure).toMatchObject({
			name: "InputError",
			message: expect.stringMatching(message instanceof RegExp ? message : /./),
		});
		if (typeof message === "string") expect((failure as Error).message).toBe(message);
	});

	it("what unpacks to too much", async () => {
		const bomb = new Uint8Array(gzipSync(tarOf([{ path: "a", data: Buffer.alloc(1_000_001) }])));
		await expect(readArchive("x.tar", bomb, 1_000_000)).rejects.toThrow(
			"x.tar: unpacks to more than 1000000 bytes",
		);
		expect([...(await readArchive("x.tar", bomb, 1_002_496)).keys()]).toEqual(["a"]);
	});

	it("40 KB that become more than 32 MiB; unpacks 32 MiB, and a hundredfold of what is large", async () => {
		const packed = async (size: number, kept = new Uint8Array(0)) => {
			const files = [
				{ path: "zeros", data: Buffer.alloc(size) },
				{ path: "kept", data: kept },
			];
			return (await readArchive("x.tar", new Uint8Array(gzipSync(tarOf(files))))).get("zeros")?.bytes.length;
		};
		await expect(packed(33 * 2 ** 20)).rejects.toThrow("x.tar: unpacks to more than 33554432 bytes");
		expect(await packed(31 * 2 ** 20)).toBe(31 * 2 ** 20);
		expect(await packed(33 * 2 ** 20, new Uint8Array(randomBytes(400_000)))).toBe(33 * 2 ** 20);
	});

	it("and reads nothing behind what it refuses", async () => {
		const files: TarEntry[] = [
			{ path: "null", type: "3" },
			{ path: "a", data: new Uint8Array(randomBytes(2_000_000)) },
		];
		const damaged = new Uint8Array(gzipSync(tarOf(files))).fill(0, 1_500_000);
		await expect(readArchive("x.tar", damaged)).rejects.toThrow('x.tar: "null": is a CharacterDevice');
		const sound = new Uint8Array(gzipSync(tarOf(files.slice(1)))).fill(0, 1_500_000);
		await expect(readArchive("x.tar", sound)).rejects.toThrow("x.tar: is damaged gzip");
	});
});
