// SPDX-License-Identifier: Apache-2.0

import { rename, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { sha256File, withTemporaryFolder } from "../../base/host-files.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import {
	type Apt,
	HELPER,
	lastError,
	mirrorOf,
	SETTINGS,
	type Suite,
	stanzas,
	UPDATE_TIMEOUT_MS,
} from "./suite-index.js";

/** A file in a suite's index; its digest is as trustworthy as Debian's signature of that. */
export interface ArchiveFile {
	/** Full address on the mirror. */
	uri: string;
	size: number;
	sha256: string;
}

/** A binary package in a suite's index. */
export interface DebianPackage extends ArchiveFile {
	name: string;
	version: string;
	suite: string;
}

/** A source package in a suite's index. */
export interface DebianSource {
	name: string;
	version: string;
	suite: string;
	files: ArchiveFile[];
}

/** The binary packages of a suite whose name matches; errors and `refresh` as for `stanzas`. */
export async function findPackages(
	apt: Apt,
	suite: Suite,
	matches: (name: string) => boolean,
	refresh?: boolean,
): Promise<DebianPackage[]> {
	const base = mirrorOf(apt, suite);
	const packages: DebianPackage[] = [];
	for await (const stanza of stanzas(apt, suite, matches, refresh)) {
		const name = stanza.get("package") ?? "";
		packages.push({
			name,
			version: stanza.get("version") ?? "",
			suite: suite.name,
			...archiveFile(base, stanza.get("filename"), stanza.get("size"), stanza.get("sha256")),
		});
	}
	return packages;
}

/** Source packages of that name; errors as for findPackages. `suite.arch` is `source`. */
export async function findSources(
	apt: Apt,
	suite: Suite,
	wanted: string,
	refresh?: boolean,
): Promise<DebianSource[]> {
	const base = mirrorOf(apt, suite);
	const sources: DebianSource[] = [];
	for await (const stanza of stanzas(apt, suite, (name) => name === wanted, refresh)) {
		const directory = stanza.get("directory") ?? "";
		const lines = (stanza.get("checksums-sha256") ?? "").split("\n").filter((line) => line !== "");
		sources.push({
			name: wanted,
			version: stanza.get("version") ?? "",
			suite: suite.name,
			files: lines.map((line) => {
				const [sha256, size, file] = line.split(/\s+/);
				return archiveFile(base, file && `${directory}/${file}`, size, sha256);
			}),
		});
	}
	return sources;
}

/**
 * Downloads into `folder`, unless a file with the right digest is there; returns the path.
 * @throws UndecidedError `download-failed`, also when the digest differs from the index
 */
export async function download(
	file: ArchiveFile,
	folder: string,
	onProgress: (bytes: number) => void = () => {},
): Promise<string> {
	const name = basename(decodeURIComponent(file.uri));
	const path = join(folder, name);
	if ((await sizeOf(path)) === file.size && (await sha256File(path)) === file.sha256) {
		onProgress(file.size);
		return path;
	}
	return withTemporaryFolder(async (temporary) => {
		const partial = join(temporary, name);
		const watch = setInterval(async () => onProgress(Math.min((await sizeOf(partial)) ?? 0, file.size)), 200);
		try {
			await downloadTo(file, partial);
		} finally {
			clearInterval(watch);
		}
		onProgress(file.size);
		await rename(partial, path);
		return path;
	}, folder);
}

async function downloadTo(file: ArchiveFile, path: string): Promise<void> {
	const settings = SETTINGS.flatMap((setting) => ["-o", setting]);
	// apt's `file` method makes links; `copy` makes files.
	const uri = file.uri.replace(/^file:/, "copy:");
	const result = await execa(HELPER, [...settings, "download-file", uri, path, `SHA256:${file.sha256}`], {
		reject: false,
		timeout: UPDATE_TIMEOUT_MS,
		stdin: "ignore",
		env: { LC_ALL: "C" },
	});
	if (!result.failed && (await sizeOf(path)) === file.size) return;
	const why = lastError(result.stderr) ?? result.shortMessage ?? "the file is not what the index says";
	throw undecided("download-failed", { uri: file.uri, why });
}

function archiveFile(base: string, path?: string, size?: string, sha256?: string): ArchiveFile {
	if (path === undefined || !/^\d+$/.test(size ?? "") || !/^[0-9a-f]{64}$/.test(sha256 ?? "")) {
		throw undecided("index-malformed", { mirror: base, path: path ?? "a package" });
	}
	return { uri: `${base}/${path}`, size: Number(size), sha256: sha256 ?? "" };
}

async function sizeOf(path: string): Promise<number | undefined> {
	return (await stat(path).catch(() => undefined))?.size;
}
