// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { cacheRoot } from "../../base/cache-root.js";
import { UndecidedError } from "../../base/errors.js";
import { withTemporaryFolder } from "../../base/host-files.js";
import { type DebianPackage, download, findPackages } from "./apt.js";
import { unpackDeb } from "./deb.js";
import { findMirrors } from "./mirrors.js";
import { compareVersions } from "./version.js";

const arch = "amd64";

/** Debian packages, unpacked so that tests can run what is in them. */
export interface Unpacked {
	folder: string;
	/** Of the first package. */
	version: string;
}

/**
 * The newest packages of a suite, unpacked together in the cache, kept there, downloaded if
 * missing.
 * @throws UndecidedError `mirror-unreachable`, or `package-not-in-archive`
 */
export async function unpacked(suite: string, names: readonly string[]): Promise<Unpacked> {
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
			// Another process was faster.
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

/** True when the cache has them, so that no download is needed. */
export async function areUnpacked(suite: string, names: readonly string[]): Promise<boolean> {
	return (await versionIn(folderOf(suite, names))) !== undefined;
}

const folderOf = (suite: string, names: readonly string[]) =>
	join(cacheRoot(), "debian", "unpacked", `${suite}.${arch}.${names[0]}`);

async function versionIn(folder: string): Promise<string | undefined> {
	return readFile(join(folder, "version"), "utf8").catch(() => undefined);
}
