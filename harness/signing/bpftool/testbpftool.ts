// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { type DebianPackage, download, findPackages } from "../../debian/apt.js";
import { unpackDeb } from "../../debian/deb.js";
import { withTemporaryFolder } from "../../debian/files.js";
import { findMirrors } from "../../debian/mirrors.js";
import { compareVersions } from "../../debian/version.js";
import { UndecidedError } from "../../errors.js";
import { cacheRoot } from "../../schema/cache.js";

/** Suites whose bpftool signs, each for another contract as long as they have different kernels. */
export const bpftoolSuites = ["sid", "trixie-backports"] as const;

/** What bpftool is linked to. It needs libc 2.38, so that it runs with the libraries of sid wherever it runs. */
const libraries = ["libc6", "libcap2", "libelf1t64", "libssl3t64", "libzstd1", "zlib1g"];
const librarySuite = "sid";
const arch = "amd64";
const libraryFolder = "usr/lib/x86_64-linux-gnu";

/** A bpftool of Debian, run on this machine; needs neither rights nor a kernel with BPF as long as it only generates. */
export interface Bpftool {
	/** Of its package: `7.8.0+7.2.13-1`. */
	version: string;
	/** Runs it. `secret` is what it reads as `/dev/fd/3`: a private key, for instance. Rejects when it fails. */
	run(args: readonly string[], secret?: string): Promise<string>;
}

/**
 * The newest bpftool of a Debian suite, taken from the cache or else downloaded with its libraries (6 MB, unpacked 20 MB). What
 * the cache has of the suite is kept although there may be a newer one.
 *
 * @throws UndecidedError `mirror-unreachable`, or `package-not-in-archive`
 */
export async function bpftoolOf(suite: string): Promise<Bpftool> {
	const [tool, root] = await Promise.all([kept(suite, ["bpftool"]), kept(librarySuite, libraries)]);
	const path = join(root.folder, libraryFolder);
	const loader = [join(path, "ld-linux-x86-64.so.2"), "--library-path", path];
	return { version: tool.version, run: runner([...loader, join(tool.folder, "usr/sbin/bpftool")]) };
}

/** A bpftool that somebody built, with what `bpftool version` says of itself. */
export async function builtBpftool(path: string): Promise<Bpftool> {
	const run = runner([path]);
	const version = /^bpftool v(\S+)/.exec(await run(["version"]))?.[1];
	if (version === undefined) throw new Error(`${path} is no bpftool`);
	return { version, run };
}

function runner(command: readonly string[]): Bpftool["run"] {
	// A child of Node has sockets, and /dev/fd opens no socket: the shell makes a pipe of it.
	const script = 'cat <&4 | { exec 3<&0; exec "$@" </dev/null; }';
	return async (args, secret = "") => {
		const { stdout } = await execa("sh", ["-c", script, "sh", ...command, ...args], {
			stdio: ["ignore", "pipe", "pipe", "ignore", Buffer.from(secret)],
			stripFinalNewline: false,
			maxBuffer: 256 * 1024 * 1024,
		});
		return stdout;
	};
}

/** Whether the cache has what `bpftoolOf` needs, so that it asks no mirror. */
export async function bpftoolIsHere(suite: string): Promise<boolean> {
	const versions = await Promise.all([
		versionIn(folderOf(suite, ["bpftool"])),
		versionIn(folderOf(librarySuite, libraries)),
	]);
	return versions.every((version) => version !== undefined);
}

interface Kept {
	folder: string;
	/** Of the first package. */
	version: string;
}

const folderOf = (suite: string, names: readonly string[]) =>
	join(cacheRoot(), "debian", "unpacked", `${suite}.${arch}.${names[0]}`);

async function versionIn(folder: string): Promise<string | undefined> {
	return readFile(join(folder, "version"), "utf8").catch(() => undefined);
}

/** Packages of a suite unpacked together in the cache, whole or not at all. */
async function kept(suite: string, names: readonly string[]): Promise<Kept> {
	const folder = folderOf(suite, names);
	const here = await versionIn(folder);
	if (here !== undefined) return { folder, version: here };
	const packages = await newest(suite, names);
	const parent = join(cacheRoot(), "debian", "unpacked");
	await mkdir(parent, { recursive: true });
	await withTemporaryFolder(async (temporary) => {
		const root = join(temporary, basename(folder));
		await mkdir(root);
		for (const each of packages) await unpackDeb(await download(each, temporary), root);
		await writeFile(join(root, "version"), packages[0]!.version);
		await rename(root, folder).catch(async (cause: NodeJS.ErrnoException) => {
			// Another process was quicker.
			if (cause.code !== "ENOTEMPTY" && cause.code !== "EEXIST") throw cause;
		});
	}, parent);
	return { folder, version: (await versionIn(folder)) ?? packages[0]!.version };
}

async function newest(suite: string, names: readonly string[]): Promise<DebianPackage[]> {
	const apt = { mirrors: await findMirrors() };
	const found = await findPackages(apt, { name: suite, arch }, (name) => names.includes(name));
	return names.map((name) => {
		const [latest] = found
			.filter((each) => each.name === name)
			.sort((a, b) => compareVersions(b.version, a.version));
		if (latest) return latest;
		throw new UndecidedError(
			"package-not-in-archive",
			`${apt.mirrors.archive}: ${suite} has no ${name} for ${arch}`,
			"name another mirror with BPFGATE_MIRROR",
		);
	});
}
