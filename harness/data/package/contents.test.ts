// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { contentsOf } from "./contents.js";
import { openPackage } from "./package.js";
import { sampleFiles, tarOf, temporaryFolder } from "./testpackage.js";

const more = {
	"README.md": "read me",
	".hidden/notes": "",
	"source/a.c": "int a;",
	"source/a.gitignore": "",
	"signatures/cosign/a.json": "{}",
	"signatures/extra": "x",
};
const content = async (path: string) => contentsOf(await openPackage(path));

describe("the contents of a package", () => {
	it("are all of its files, in a folder and in an archive of it alike", async () => {
		await using folder = await temporaryFolder({ ...sampleFiles(), ...more });
		const found = await content(folder.path);
		const paths = [...Object.keys(more), "bpfgate.json", "bpf/count.bpf.o"];
		expect(found.map(({ path }) => path)).toEqual(paths.sort());
		expect(found.find(({ path }) => path === "README.md")).toEqual({
			path: "README.md",
			kind: "file",
			sha256: createHash("sha256").update("read me").digest("hex"),
			size: 7,
		});
		for (const inside of [".", folder.path.split("/").at(-1)!]) {
			await using out = await temporaryFolder();
			const archive = join(out.path, "p.tar");
			await execa("tar", ["-cf", archive, inside], {
				cwd: inside === "." ? folder.path : join(folder.path, ".."),
			});
			expect(await content(archive)).toEqual(found);
		}
	});

	it("have links, pipes and repositories as what they are, and enter none", async () => {
		await using folder = await temporaryFolder({
			...sampleFiles(),
			".git/config": "",
			"sub/.hg/a": "",
			"sub/.hg/b": "",
		});
		await symlink("/", join(folder.path, "root"));
		await symlink("bpfgate.json", join(folder.path, "same"));
		await execa("mkfifo", [join(folder.path, "pipe")]);
		await mkdir(join(folder.path, "empty"));
		await writeFile(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.of(0xff)]), "");
		const odd = (await content(folder.path)).filter(({ kind }) => kind !== "file");
		expect(odd).toEqual([
			{ path: ".git", kind: "repository" },
			{ path: "pipe", kind: "other" },
			{ path: "root", kind: "link" },
			{ path: "same", kind: "link" },
			{ path: "sub/.hg", kind: "repository" },
			{ path: "\ufffd", kind: "other" },
		]);
		const files = Object.entries(sampleFiles()).map(([path, data]) => ({ path, data }));
		await using out = await temporaryFolder({
			"p.tar": tarOf([
				...files,
				{ path: "same", type: "2", link: "bpfgate.json" },
				{ path: "hard", type: "1", link: "bpfgate.json" },
				{ path: "sub/.git/a", data: "" },
				{ path: "sub/.git/b", data: "" },
			]),
		});
		expect((await content(join(out.path, "p.tar"))).filter(({ kind }) => kind !== "file")).toEqual([
			{ path: "hard", kind: "link" },
			{ path: "same", kind: "link" },
			{ path: "sub/.git", kind: "repository" },
		]);
	});

	it("of a bare object are not looked for", async () => {
		await using folder = await temporaryFolder(sampleFiles());
		expect(await content(join(folder.path, "bpf/count.bpf.o"))).toEqual([]);
	});

	it("are bounded in number", async () => {
		await using folder = await temporaryFolder(sampleFiles());
		for (let at = 0; at < 10_000; at++) await mkdir(join(folder.path, `${at}`));
		await expect(content(folder.path)).rejects.toThrow(
			`${folder.path}: holds more than 10000 files and folders`,
		);
	});

	it("are bounded in bytes", async () => {
		await using folder = await temporaryFolder(sampleFiles());
		await execa("truncate", ["-s", "200M", join(folder.path, "a"), join(folder.path, "b")]);
		await expect(content(folder.path)).rejects.toThrow(`${folder.path}: holds more than 268435456 bytes`);
	});
});

it("signatures are regular files", async () => {
	await using folder = await temporaryFolder({ ...sampleFiles(), "signatures/a": "" });
	await symlink("a", join(folder.path, "signatures/b"));
	await expect(openPackage(folder.path)).rejects.toThrow(
		"signatures/b: is not a regular file, as signatures are",
	);
});
