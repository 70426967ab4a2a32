// SPDX-License-Identifier: Apache-2.0
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ReadEntry } from "tar";
import { InputError } from "../../base/errors.js";
import { undecided } from "../reasons/registry/registry.js";

/** Most that a package may come to, unpacked. */
export const maxPackageBytes = 256 * 1024 * 1024;
/** Objects and captures shrink to a fifth or a tenth; only zeros shrink to a thousandth. */
const maxRatio = 100;
const alwaysUnpacked = 32 * 1024 * 1024;
/** Files, links and folders of a package. */
export const maxEntries = 10_000;

export interface ArchiveEntry {
	/** `link`: a symbolic or hard link that stays inside. */
	kind: "file" | "link";
	/** Empty for a link. */
	bytes: Uint8Array;
}

const startsWith = (bytes: Uint8Array, ...magic: number[]) =>
	magic.every((byte, index) => bytes[index] === byte);
const isGzip = (bytes: Uint8Array) => startsWith(bytes, 0x1f, 0x8b);
const isXz = (bytes: Uint8Array) => startsWith(bytes, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);
const isZstd = (bytes: Uint8Array) => startsWith(bytes, 0x28, 0xb5, 0x2f, 0xfd);
const isCompressed = (bytes: Uint8Array) => isGzip(bytes) || isXz(bytes) || isZstd(bytes);
/** `ustar` at 257 is in every archive that POSIX, GNU or BSD tar write. */
const isTar = (bytes: Uint8Array) => startsWith(bytes.subarray(257), 0x75, 0x73, 0x74, 0x61, 0x72);

/** True when the content is that of an archive, whatever its name. */
export function isArchive(bytes: Uint8Array): boolean {
	return isCompressed(bytes) || isTar(bytes);
}

/**
 * Unpacks a tar archive, plain or compressed with gzip, xz or zstd, into memory, as it is read:
 * what is refused is not read further.
 * @param path what the user calls it, for messages
 * @param limit in bytes, unpacked
 * @returns entries by path, without a leading `./`
 * @throws InputError when it is damaged, too large, or holds what a package must not: devices,
 * absolute paths, `..`, links that lead out, two files of one path, a file that is a folder too
 */
export async function readArchive(
	path: string,
	bytes: Uint8Array,
	limit = Math.min(maxPackageBytes, Math.max(alwaysUnpacked, maxRatio * bytes.length)),
): Promise<Map<string, ArchiveEntry>> {
	const { Parser } = await import("tar");
	const entries = new Map<string, ArchiveEntry>();
	let failure: Error | undefined;
	let count = 0;
	// Strict: what tar would only warn of, a wrong checksum or an early end, is an error here.
	const parser = new Parser({
		strict: true,
		onReadEntry: (entry) => {
			try {
				if (++count > maxEntries) throw new InputError(path, "", `holds more than ${maxEntries} entries`);
				if (entry.size > limit) throw tooLarge(path, limit);
				addEntry(path, entries, entry);
			} catch (cause) {
				failure ??= cause as Error;
				entry.resume();
			}
		},
	});
	parser.on("error", (cause: Error) => {
		const why = `is damaged: ${cause.message.replace(/^TAR_\w+: /, "")}`;
		failure ??= new InputError(path, "", why, { cause });
	});
	let total = 0;
	let first: Buffer | undefined;
	for await (const chunk of unpacked(path, bytes)) {
		total += chunk.length;
		if (total > limit) throw tooLarge(path, limit);
		// The parser would unpack by itself what it takes for compressed.
		if (first === undefined || first.length < tarBlock) {
			first = first ? Buffer.concat([first, chunk]) : chunk;
			if (first.length < tarBlock) continue;
			assertTar(path, first);
			parser.write(first);
		} else parser.write(chunk);
		if (failure) throw failure;
	}
	if ((first?.length ?? 0) < tarBlock) assertTar(path, first ?? Buffer.alloc(0));
	await new Promise<void>((resolve) => {
		parser.on("end", resolve);
		parser.on("error", () => resolve());
		parser.end();
	});
	if (failure) throw failure;
	checkFolders(path, entries);
	return entries;
}

const tarBlock = 512;

function assertTar(path: string, start: Uint8Array): void {
	if (isTar(start)) return;
	const twice = isCompressed(start) ? " but is compressed twice" : "";
	throw new InputError(path, "", `holds no tar archive${twice}`);
}

function addEntry(path: string, entries: Map<string, ArchiveEntry>, entry: ReadEntry): void {
	const fail = (reason: string) => new InputError(path, JSON.stringify(entry.path), reason);
	const name = entry.path.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
	if (name.startsWith("/") || name.split("/").includes("..")) throw fail("leads out of the package");
	switch (entry.type) {
		case "Directory":
		case "GNUDumpDir":
			entry.resume();
			return;
		case "SymbolicLink":
		case "Link":
			checkPath(name, entries, fail);
			if (leadsOut(name, entry.linkpath ?? "", entry.type === "Link"))
				throw fail("is a link that leads out of the package");
			entries.set(name, { kind: "link", bytes: new Uint8Array(0) });
			entry.resume();
			return;
		case "File":
		case "OldFile":
		case "ContiguousFile": {
			checkPath(name, entries, fail);
			const content = new Uint8Array(entry.size);
			// Taken now, as it is filled later.
			entries.set(name, { kind: "file", bytes: content });
			let filled = 0;
			entry.on("data", (chunk: Buffer) => {
				content.set(chunk, filled);
				filled += chunk.length;
			});
			return;
		}
		default:
			throw fail(`is a ${entry.type}, which no package needs`);
	}
}

/** One path, one file: also for a tool that unpacks the archive. */
function checkPath(
	name: string,
	entries: ReadonlyMap<string, ArchiveEntry>,
	fail: (reason: string) => InputError,
): void {
	if (name.split("/").some((part) => part === "" || part === "."))
		throw fail("is not the plain path of a file");
	if (entries.has(name)) throw fail("is there twice");
}

function checkFolders(path: string, entries: ReadonlyMap<string, ArchiveEntry>): void {
	// With the lowest character for `/`, a file is followed by what is below it.
	const sorted = [...entries.keys()].map((name) => name.replaceAll("/", "\0")).sort();
	for (const [index, name] of sorted.entries())
		if (sorted[index + 1]?.startsWith(`${name}\0`))
			throw new InputError(path, JSON.stringify(name.replaceAll("\0", "/")), "is both a file and a folder");
}

/** A hard link names its target from the top of the archive, a symbolic one from its own folder. */
function leadsOut(name: string, target: string, hard: boolean): boolean {
	if (target.startsWith("/")) return true;
	let depth = hard ? 0 : name.split("/").length - 1;
	for (const part of target.split("/")) {
		if (part === "..") depth--;
		else if (part !== "." && part !== "") depth++;
		if (depth < 0) return true;
	}
	return false;
}

/** The tar archive in parts. @throws InputError for damaged ones */
async function* unpacked(path: string, bytes: Uint8Array): AsyncIterable<Buffer> {
	if (isXz(bytes)) yield* unpackedWith(path, bytes, "xz", ["--memlimit-decompress=256MiB"]);
	else if (isZstd(bytes)) yield* unpackedWith(path, bytes, "zstd", ["--memory=256MB"]);
	else if (isGzip(bytes)) {
		const unpacker = createGunzip({ chunkSize: partSize });
		try {
			yield* Readable.from(parts(bytes)).pipe(unpacker);
		} catch (cause) {
			throw new InputError(path, "", "is damaged gzip", { cause });
		} finally {
			unpacker.destroy();
		}
	} else yield* parts(bytes);
}

const partSize = 1 << 18;

function* parts(bytes: Uint8Array): Iterable<Buffer> {
	for (let at = 0; at < bytes.length; at += partSize)
		yield Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(partSize, bytes.length - at));
}

async function* unpackedWith(
	path: string,
	bytes: Uint8Array,
	command: string,
	args: string[],
): AsyncIterable<Buffer> {
	// Loaded here: most packages are folders, and Node takes long over these modules.
	const { ExecaError, execa } = await import("execa");
	const unpacker = execa(command, ["-d", "-c", "-q", ...args], { input: bytes, buffer: false });
	let ended = false;
	try {
		for await (const chunk of unpacker.iterable({ binary: true })) yield Buffer.from(chunk);
		ended = true;
	} catch (cause) {
		ended = true;
		if (!(cause instanceof ExecaError)) throw cause;
		if (cause.code === "ENOENT")
			throw undecided(
				"tool-missing",
				{ what: `${path}: cannot be unpacked without ${command}`, tool: command },
				{ cause },
			);
		throw new InputError(path, "", `is damaged ${command}`, { cause });
	} finally {
		if (!ended) unpacker.kill();
		await unpacker.catch(() => {});
	}
}

function tooLarge(path: string, limit: number): InputError {
	return new InputError(path, "", `unpacks to more than ${limit} bytes`);
}
