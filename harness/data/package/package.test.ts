// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { sampleObject } from "./elf/testobject.js";
import { digestOf, openPackage } from "./package.js";
import { sampleFiles, sampleManifest, tarOf, temporaryFolder } from "./testpackage.js";

const archiveOf = (files: Record<string, Uint8Array | string>, prefix = "") =>
	tarOf(Object.entries(files).map(([path, data]) => ({ path: prefix + path, data })));

describe("opens", () => {
	it("a folder, an archive of its files and one of the folder, all with one digest", async () => {
		await using folder = await temporaryFolder(sampleFiles());
		const inside = `${folder.path}.tgz`;
		const pkg = await openPackage(folder.path);
		expect(pkg).toMatchObject({
			name: "sample",
			version: "1.2.3",
			path: folder.path,
			manifest: sampleManifest,
		});
		expect(pkg.objects.map(({ file, settings, programs }) => [file, settings, programs[0]?.name])).toEqual([
			["bpf/count.bpf.o", { file: "bpf/count.bpf.o" }, "count"],
		]);
		for (const prefix of ["", "./", "sample-1.2.3/"]) {
			await writeFile(inside, gzipSync(archiveOf(sampleFiles(), prefix)));
			expect((await openPackage(inside)).sha256).toBe(pkg.sha256);
		}
		await rm(inside);
	});

	it("a bare object as the loader that the caller names reads it", async () => {
		await using folder = await temporaryFolder({ "count.bpf.o": sampleObject({ section: "xdp_count" }) });
		const path = join(folder.path, "count.bpf.o");
		expect((await openPackage(path)).objects[0]?.programs[0]).not.toHaveProperty("meaning");
		const pkg = await openPackage(path, { dialect: "cilium/ebpf" });
		expect(pkg.manifest.dialect).toBe("cilium/ebpf");
		expect(pkg.objects[0]?.programs[0]?.meaning?.type).toBe("xdp");
	});

	it("the vector files that the manifest names, which its digest covers", async () => {
		const manifest = { ...sampleManifest, vectors: ["v/a.yaml", "v/b.pcap"] };
		await using folder = await temporaryFolder({
			...sampleFiles(manifest),
			"v/a.yaml": "x",
			"v/b.pcap": "y",
		});
		const pkg = await openPackage(folder.path);
		expect(pkg.vectors.map(({ file, bytes }) => [file, Buffer.from(bytes).toString()])).toEqual([
			["v/a.yaml", "x"],
			["v/b.pcap", "y"],
		]);
		await writeFile(join(folder.path, "v/a.yaml"), "z");
		expect((await openPackage(folder.path)).sha256).not.toBe(pkg.sha256);
		await rm(join(folder.path, "v/b.pcap"));
		await expect(openPackage(folder.path)).rejects.toThrow(
			'/vectors/1: "v/b.pcap" is missing from the package',
		);
	});

	it("the files of guests, which its digest covers once", async () => {
		const files = [
			{ from: "bin/sh", to: "/usr/bin/sh" },
			{ from: "bin/sh", to: "/opt/sh" },
		];
		const manifest = { ...sampleManifest, guest: { files } };
		await using folder = await temporaryFolder({ ...sampleFiles(manifest), "bin/sh": "x" });
		const pkg = await openPackage(folder.path);
		expect(pkg.guestFiles.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
			["/usr/bin/sh", "x"],
			["/opt/sh", "x"],
		]);
		expect(pkg.objects[0]?.binaries).toEqual(pkg.guestFiles);
		const listed = { ...sampleFiles(manifest), "bin/sh": "x" };
		expect(pkg.sha256).toBe(
			digestOf(Object.entries(listed).map(([path, data]) => ({ path, bytes: Buffer.from(data) }))),
		);
		await truncate(join(folder.path, "bin/sh"), 32 * 1024 * 1024 + 1);
		await expect(openPackage(folder.path)).rejects.toThrow(
			'/guest/files/0/from: "bin/sh" has 33554433 bytes, more than the 33554432 that a guest gets',
		);
		await rm(join(folder.path, "bin/sh"));
		await symlink("/bin/sh", join(folder.path, "bin/sh"));
		await expect(openPackage(folder.path)).rejects.toThrow("is a link that leads out of the package");
	});

	it("a bare object, named after its file", async () => {
		await using folder = await temporaryFolder({ "my filter.bpf.o": sampleObject() });
		const pkg = await openPackage(join(folder.path, "my filter.bpf.o"));
		expect(pkg.manifest).toEqual({ name: "my-filter", version: "0", objects: ["my filter.bpf.o"] });
		expect(pkg.objects[0]?.settings).toEqual({ file: "my filter.bpf.o" });
	});

	it("a file of the package through a link that stays inside", async () => {
		await using folder = await temporaryFolder({ ...sampleFiles(), "real.o": sampleObject() });
		await rm(join(folder.path, "bpf/count.bpf.o"));
		await symlink("../real.o", join(folder.path, "bpf/count.bpf.o"));
		expect((await openPackage(folder.path)).objects).toHaveLength(1);
	});
});

it("makes the digest as documented", () => {
	const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
	const bytes = (text: string) => new Uint8Array(Buffer.from(text));
	expect(
		digestOf([
			{ path: "b", bytes: bytes("two") },
			{ path: "a", bytes: bytes("") },
		]),
	).toBe(sha256(`bpfgate-package 1\n${sha256("")} 0 a\n${sha256("two")} 3 b\n`));
});

describe("refuses, in one line with file, place and reason,", () => {
	const failure = async (path: string) => {
		const error = await openPackage(path).then(
			() => undefined,
			(thrown: Error) => thrown,
		);
		expect(error?.name).toBe("InputError");
		expect(error?.message).not.toContain("\n");
		return error?.message;
	};

	it("a path that does not exist", async () => {
		expect(await failure("/nonexistent/x.o")).toBe("/nonexistent/x.o: does not exist");
	});

	it("a folder without a manifest", async () => {
		await using folder = await temporaryFolder({ "a.o": sampleObject() });
		expect(await failure(folder.path)).toBe(
			`${folder.path}/bpfgate.json: is missing; a package has it at its top`,
		);
	});

	it("a missing object", async () => {
		await using folder = await temporaryFolder({ "bpfgate.json": JSON.stringify(sampleManifest) });
		expect(await failure(folder.path)).toBe(
			`${folder.path}/bpfgate.json: /objects/0: "bpf/count.bpf.o" is missing from the package`,
		);
	});

	it("a damaged object", async () => {
		await using folder = await temporaryFolder({
			...sampleFiles(),
			"bpf/count.bpf.o": sampleObject().subarray(0, 1000),
		});
		expect(await failure(folder.path)).toMatch(
			/bpf\/count\.bpf\.o: section header table: ends at 0x\w+ but the file has 0x3e8 bytes$/,
		);
	});

	it("an object that is a folder or a FIFO", async () => {
		await using folder = await temporaryFolder({
			"bpfgate.json": JSON.stringify({ ...sampleManifest, objects: ["a.o"] }),
		});
		await mkdir(join(folder.path, "a.o"));
		expect(await failure(folder.path)).toBe(`${folder.path}/a.o: is not a regular file`);
		await execa("mkfifo", [join(folder.path, "fifo")]);
		expect(await failure(join(folder.path, "fifo"))).toBe(`${folder.path}/fifo: is not a regular file`);
	});

	it("a link that leads out", async () => {
		await using folder = await temporaryFolder({ ...sampleFiles() });
		await rm(join(folder.path, "bpf/count.bpf.o"));
		await symlink("/etc/hostname", join(folder.path, "bpf/count.bpf.o"));
		expect(await failure(folder.path)).toBe(
			`${folder.path}/bpf/count.bpf.o: is a link that leads out of the package`,
		);
	});

	it("an empty object and one that is text", async () => {
		await using folder = await temporaryFolder({ "empty.o": "", "text.o": "hello" });
		expect(await failure(join(folder.path, "empty.o"))).toBe(`${folder.path}/empty.o: is empty`);
		expect(await failure(join(folder.path, "text.o"))).toMatch(/text\.o: ELF header: is not an ELF object/);
	});

	it("an object that an archive has as a link only", async () => {
		await using folder = await temporaryFolder();
		const path = join(folder.path, "p.tar");
		await writeFile(
			path,
			tarOf([
				{ path: "bpfgate.json", data: JSON.stringify({ ...sampleManifest, objects: ["a.o"] }) },
				{ path: "a.o", type: "2", link: "b.o" },
			]),
		);
		expect(await failure(path)).toBe(`${path}/a.o: is a link; of an archive only regular files are read`);
	});

	it("a setting of what the object has not", async () => {
		const manifest = { ...sampleManifest, objects: [{ file: "bpf/count.bpf.o", rodata: { limit: "high" } }] };
		await using folder = await temporaryFolder(sampleFiles(manifest));
		expect(await failure(folder.path)).toBe(
			`${folder.path}/bpfgate.json: /objects/0/rodata/limit: "high" does not fit const __u32; expected an integer (large ones as a string of digits) or a name of an enum`,
		);
	});
});
