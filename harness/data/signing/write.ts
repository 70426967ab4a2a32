// SPDX-License-Identifier: Apache-2.0
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { Header, Pax } from "tar";
import { InputError, systemReason, UndecidedError } from "../../base/errors.js";
import { readArchive } from "../package/archive.js";
import { signaturesFolder } from "../package/manifest/load-manifest.js";
import { manifestName } from "../package/package.js";
import { undecided } from "../reasons/registry/registry.js";
import { cosignFolder } from "./cosign.js";
import type { SignatureFile } from "./layout.js";

/**
 * Writes signatures into a folder, or a new archive `out`, whole or not at all; cosign's stay.
 * @throws InputError when `out` is given for a folder, or missing for an archive
 */
export async function writeSignatures(
	path: string,
	files: readonly SignatureFile[],
	out?: string,
): Promise<void> {
	const folder = (await stat(path)).isDirectory();
	if (folder && out !== undefined)
		throw new InputError(
			path,
			"",
			"is a folder, whose signatures are written into it; --out is for archives",
		);
	if (!folder && out === undefined)
		throw new InputError(path, "", "is an archive; name the signed archive to write with --out");
	try {
		if (out === undefined) await replaceFolder(path, files);
		else await writeArchive(path, files, out);
	} catch (cause) {
		if (cause instanceof InputError || cause instanceof UndecidedError) throw cause;
		throw new InputError(out ?? path, "", `cannot be written to: ${systemReason(cause)}`, { cause });
	}
}

async function replaceFolder(root: string, files: readonly SignatureFile[]): Promise<void> {
	const scratch = await mkdtemp(join(root, `.${signaturesFolder}.`));
	try {
		for (const { path, bytes } of files) {
			await mkdir(dirname(join(scratch, path)), { recursive: true });
			await writeFile(join(scratch, path), bytes);
		}
		const place = join(root, signaturesFolder);
		await cp(join(root, cosignFolder), join(scratch, cosignFolder), {
			recursive: true,
			verbatimSymlinks: true,
		}).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT") throw error;
		});
		const former = join(scratch, "former");
		await rename(place, former).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT") throw error;
		});
		await rename(join(scratch, signaturesFolder), place).catch(async (error) => {
			await rename(former, place).catch(() => {});
			throw error;
		});
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

async function writeArchive(path: string, files: readonly SignatureFile[], out: string): Promise<void> {
	const entries = await readArchive(path, new Uint8Array(await readFile(path)));
	const tops = new Set([...entries.keys()].map((name) => name.split("/")[0]));
	const only = tops.size === 1 ? `${[...tops][0]}/` : "";
	const prefix = !entries.has(manifestName) && entries.has(only + manifestName) ? only : "";
	const blocks: Uint8Array[] = [];
	for (const [name, { kind, bytes }] of entries) {
		const former = name.startsWith(`${prefix}${signaturesFolder}/`);
		if (former && !name.startsWith(prefix + cosignFolder)) continue;
		if (kind === "link")
			throw new InputError(
				path,
				JSON.stringify(name),
				"is a link, which no signature covers; replace it by the file",
			);
		blocks.push(...entryBlocks(name, bytes));
	}
	for (const file of files) blocks.push(...entryBlocks(prefix + file.path, file.bytes));
	blocks.push(new Uint8Array(1024));
	const partial = join(dirname(out), `.${basename(out)}.${process.pid}.partial`);
	try {
		await writeFile(partial, await compressed(out, Buffer.concat(blocks)), { flag: "wx" });
		await rename(partial, out);
	} finally {
		await rm(partial, { force: true });
	}
}

/** The same files give the same archive: no times, no owners. */
function entryBlocks(path: string, bytes: Uint8Array): Uint8Array[] {
	const fields = {
		path,
		mode: 0o644,
		size: bytes.length,
		type: "File" as const,
		mtime: new Date(0),
		uid: 0,
		gid: 0,
	};
	const header = new Header(fields);
	const long = header.encode() ? [new Pax({ path, size: bytes.length }).encode()] : [];
	return [...long, header.block!, bytes, new Uint8Array((512 - (bytes.length % 512)) % 512)];
}

async function compressed(out: string, tar: Uint8Array): Promise<Uint8Array> {
	if (/\.(tar\.gz|tgz)$/.test(out)) return gzipSync(tar);
	if (out.endsWith(".tar")) return tar;
	const tool = out.endsWith(".tar.xz") ? "xz" : out.endsWith(".tar.zst") ? "zstd" : undefined;
	if (tool === undefined)
		throw new InputError(
			out,
			"",
			"is not the name of an archive; expected .tar, .tar.gz, .tgz, .tar.xz, .tar.zst",
		);
	const result = await execa(tool, ["-c", "-q", "-T1"], {
		input: tar,
		encoding: "buffer",
		stripFinalNewline: false,
		maxBuffer: 1024 * 1024 * 1024,
		reject: false,
	});
	if (result.code === "ENOENT")
		throw undecided("tool-missing", { what: `${out}: cannot be packed without ${tool}`, tool });
	if (result.failed) throw undecided("archive-failed", { tool, why: result.shortMessage ?? "failed" });
	return new Uint8Array(result.stdout);
}
