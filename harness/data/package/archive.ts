// SPDX-License-Identifier: Apache-2.0
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { ReadEntry } from "tar";
import { InputError } from "../../base/errors.js";
import { undecided } from "../reasons/registry/registry.js";

/** Most that a package may come to, unpacked. */
export const maxPackageBytes = 256 * 1024 * 1024;
const maxEntries = 10_000;

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
 * Unpacks a tar archive, plain or compressed with gzip, xz or zstd, into memory.
 *
 * @param path what the user calls it, for messages
 * @param limit in bytes, unpacked
 * @returns entries by path, without a leading `./`
 * @throws InputError when it is damaged, too large, or holds what a package must not: devices,
 * absolute paths, `..`, links
 *   that lead out, two files of one path
 */
export async function readArchive(
	path: string,
	bytes: Uint8Array,
	limit = maxPackageBytes,
): Promise<Map<string, ArchiveEntry>> {
	const tar = await decompress(path, bytes, limit);
	if (!isTar(tar))
		throw new InputError(
			path,
			"",
			`holds no tar archive${isCompressed(tar) ? " but is compressed twice" : ""}`,
		);
	const entries = new Map<string, ArchiveEntry>();
	let count = 0;
	const { Parser } = await import("tar");
	await new Promise<void>((resolve, reject) => {
		// Strict: what tar would only warn of, a wrong checksum or an early end, is an error here.
		const parser = new Parser({
			strict: true,
			onReadEntry: (entry) => {
				try {
					if (++count > maxEntries) throw new InputError(path, "", `holds more than ${maxEntries} entries`);
					addEntry(path, entries, entry);
				} catch (cause) {
					reject(cause);
					entry.resume();
				}
			},
		});
		parser.on("error", (cause: Error) =>
			reject(new InputError(path, "", `is damaged: ${cause.message.replace(/^TAR_\w+: /, "")}`, { cause })),
		);
		parser.on("end", resolve);
		parser.end(Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength));
	});
	return entries;
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
			if (leadsOut(name, entry.linkpath ?? "", entry.type === "Link"))
				throw fail("is a link that leads out of the package");
			entries.set(name, { kind: "link", bytes: new Uint8Array(0) });
			entry.resume();
			return;
		case "File":
		case "OldFile":
		case "ContiguousFile": {
			if (entries.has(name)) throw fail("is there twice");
			const chunks: Buffer[] = [];
			entry.on("data", (chunk: Buffer) => chunks.push(chunk));
			entry.on("end", () =>
				entries.set(name, { kind: "file", bytes: new Uint8Array(Buffer.concat(chunks)) }),
			);
			return;
		}
		default:
			throw fail(`is a ${entry.type}, which no package needs`);
	}
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

async function decompress(path: string, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
	if (isGzip(bytes)) {
		return promisify(gunzip)(bytes, { maxOutputLength: limit }).catch((cause: NodeJS.ErrnoException) => {
			throw cause.code === "ERR_BUFFER_TOO_LARGE"
				? tooLarge(path, limit)
				: new InputError(path, "", "is damaged gzip", { cause });
		});
	}
	if (isXz(bytes)) return decompressWith(path, bytes, limit, "xz", ["--memlimit-decompress=256MiB"]);
	if (isZstd(bytes)) return decompressWith(path, bytes, limit, "zstd", ["--memory=256MB"]);
	return bytes;
}

/** Reads in chunks: execa's own buffer ends the process (V8: invalid size) before `limit`. */
async function decompressWith(
	path: string,
	bytes: Uint8Array,
	limit: number,
	command: string,
	args: string[],
): Promise<Uint8Array> {
	// Loaded here: most packages are folders, and Node takes long over these modules.
	const { ExecaError, execa } = await import("execa");
	const unpacker = execa(command, ["-d", "-c", "-q", ...args], { input: bytes, buffer: false });
	const chunks: Uint8Array[] = [];
	let total = 0;
	try {
		for await (const chunk of unpacker.iterable({ binary: true })) {
			total += chunk.length;
			if (total > limit) throw tooLarge(path, limit);
			chunks.push(chunk);
		}
	} catch (cause) {
		unpacker.kill();
		await unpacker.catch(() => {});
		if (!(cause instanceof ExecaError)) throw cause;
		if (cause.code === "ENOENT")
			throw undecided(
				"tool-missing",
				{ what: `${path}: cannot be unpacked without ${command}`, tool: command },
				{ cause },
			);
		throw new InputError(path, "", `is damaged ${command}`, { cause });
	}
	return Buffer.concat(chunks, total);
}

function tooLarge(path: string, limit: number): InputError {
	return new InputError(path, "", `unpacks to more than ${limit} bytes`);
}
