// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cacheRoot } from "../base/cache-root.js";
import { unpacked } from "../machine/debian/testunpacked.js";
import { embeddedObjects } from "./embedded-objects.js";

/** The eBPF objects of one Debian package, as it installs them. */
export interface DebianObjects {
	name: string;
	version: string;
	/** Paths of copies; whole files and the skeletons inside binaries alike. */
	objects: string[];
}

/**
 * Fetches packages of a suite and copies the eBPF objects out of their files. An object that an
 * earlier package has too is left out: every tool of xdp-tools contains the same ones.
 *
 * @throws UndecidedError `mirror-unreachable`, `download-failed`, `package-not-in-archive`
 */
export async function* debianObjects(suite: string, names: readonly string[]): AsyncGenerator<DebianObjects> {
	const seen = new Set<string>();
	for (const name of names) {
		const { folder, version } = await unpacked(suite, [name]);
		const target = join(cacheRoot(), "real-packages", suite, name);
		await rm(target, { recursive: true, force: true });
		await mkdir(target, { recursive: true });
		const objects: string[] = [];
		for (const file of (await readdir(folder, { recursive: true })).sort()) {
			// Links may point anywhere, and what they mean is in a package of its own.
			if (!(await lstat(join(folder, file))).isFile()) continue;
			for (const { name: object, bytes } of embeddedObjects(file, await readFile(join(folder, file)))) {
				const digest = createHash("sha256").update(bytes).digest("hex");
				if (seen.has(digest)) continue;
				seen.add(digest);
				const taken = objects.includes(join(target, object));
				const path = join(target, taken ? `${basename(dirname(file))}-${object}` : object);
				await writeFile(path, bytes, { flag: "wx" });
				objects.push(path);
			}
		}
		yield { name, version, objects };
	}
}
