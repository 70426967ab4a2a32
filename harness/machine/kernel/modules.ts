// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { execa } from "execa";
import { cacheRoot } from "../../base/cache-root.js";
import { InputError } from "../../base/errors.js";
import { withTemporaryFolder } from "../../base/host-files.js";
import { moduleName, readModinfo } from "./modinfo.js";

/** Largest module that is unpacked; a distribution's largest (graphics) have 30 MiB. */
const MAX_MODULE_BYTES = 64 * 1024 * 1024;

/** The modules in a folder as a kernel was shipped with them, or as the store keeps them. */
export interface ModuleTree {
	folder: string;
	/** Module files by name, relative to the folder. */
	files: Map<string, string>;
	/** Names of built-in modules; empty when the folder has no list. */
	builtin: Set<string>;
}

/** Finds module files below a folder such as `lib/modules/<release>`; follows no links. */
export async function readModuleTree(folder: string): Promise<ModuleTree> {
	const files = new Map<string, string>();
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	for (const entry of entries) {
		if (!entry.isFile() || !/\.ko(\.(xz|zst|gz))?$/.test(entry.name)) continue;
		files.set(moduleName(entry.name), join(entry.parentPath, entry.name).slice(folder.length + 1));
	}
	const builtin = await readFile(join(folder, "modules.builtin"), "utf8").catch(() => "");
	const names = builtin.split("\n").filter((line) => line !== "");
	return { folder, files, builtin: new Set(names.map((line) => moduleName(line))) };
}

/** Dependencies as depmod(8) writes them, names to names, nearest first. */
export async function readModulesDep(
	folder: string,
): Promise<Map<string, { file: string; depends: string[] }>> {
	const path = join(folder, "modules.dep");
	const modules = new Map<string, { file: string; depends: string[] }>();
	for (const line of (await readFile(path, "utf8")).split("\n")) {
		if (line === "") continue;
		const colon = line.indexOf(":");
		if (colon <= 0) throw new InputError(path, `line ${modules.size + 1}`, "is not `module: dependencies`");
		const file = line.slice(0, colon);
		const depends = line.slice(colon + 1).split(/\s+/);
		modules.set(moduleName(file), {
			file,
			depends: depends.filter((dependency) => dependency !== "").map((dependency) => moduleName(dependency)),
		});
	}
	return modules;
}

/**
 * Copies modules and all they depend on into `target`, uncompressed and flat, with `modules.dep`,
 * `modules.builtin` and `modules.list`; unknown ones are skipped. Dependencies are the modules'
 * own.
 * @returns the `uname -r` the modules were made for, undefined when no module was copied
 */
export async function collectModules(
	tree: ModuleTree,
	wanted: string[],
	target: string,
): Promise<string | undefined> {
	await mkdir(target, { recursive: true });
	const lines: string[] = [];
	let release: string | undefined;
	const seen = new Set<string>();
	const queue = [...wanted];
	for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
		const file = tree.files.get(name);
		if (file === undefined || seen.has(name)) continue;
		seen.add(name);
		const bytes = await readModule(join(tree.folder, file));
		const info = readModinfo(file, bytes);
		const depends = info.depends.filter((dependency) => tree.files.has(dependency));
		const absent = info.depends.find((each) => !tree.files.has(each) && !tree.builtin.has(each));
		if (absent !== undefined && tree.builtin.size > 0) {
			throw new InputError(join(tree.folder, file), ".modinfo", `depends on ${absent}, which is missing`);
		}
		await writeFile(join(target, `${name}.ko`), bytes);
		lines.push(`${name}.ko:${depends.map((each) => ` ${each}.ko`).join("")}\n`);
		release ??= info.vermagic.split(" ")[0];
		queue.push(...depends);
	}
	await writeFile(join(target, "modules.dep"), lines.sort().join(""));
	await writeFile(
		join(target, "modules.list"),
		[...tree.files.keys()]
			.sort()
			.map((each) => `${each}\n`)
			.join(""),
	);
	const builtin = join(tree.folder, "modules.builtin");
	if (tree.builtin.size > 0) await copyFile(builtin, join(target, "modules.builtin"));
	return release;
}

/** Where every module of a kernel is kept, compressed as it was shipped. */
export function allModulesFolder(image_sha256: string): string {
	return join(cacheRoot(), "kernels", "modules", image_sha256);
}

/** Keeps all modules of a kernel: which of them packages need is not known when it is stored. */
export async function keepAllModules(tree: ModuleTree, image_sha256: string): Promise<void> {
	const target = allModulesFolder(image_sha256);
	await withTemporaryFolder(async (temporary) => {
		const home = join(temporary, "modules");
		for (const file of tree.files.values()) {
			await mkdir(dirname(join(home, file)), { recursive: true });
			await copyFile(join(tree.folder, file), join(home, file), constants.COPYFILE_FICLONE);
		}
		await mkdir(home, { recursive: true });
		// The same image may come with other modules.
		await rename(target, join(temporary, "old")).catch(() => {});
		// Another process may have been faster.
		await rename(home, target).catch(() => {});
	}, dirname(target));
}

/** The modules with all they depend on, in loading order; unknown names are skipped. */
export function loadOrder(modules: Map<string, { depends: string[] }>, names: string[]): string[] {
	const ordered: string[] = [];
	const visited = new Set<string>();
	const visit = (name: string) => {
		const module = modules.get(name);
		if (!module || visited.has(name)) return;
		visited.add(name);
		for (const dependency of module.depends) visit(dependency);
		ordered.push(name);
	};
	for (const name of names) visit(name);
	return ordered;
}

/** A module file's content, decompressed according to its extension. */
export async function readModule(path: string): Promise<Uint8Array> {
	if (path.endsWith(".ko")) return readFile(path);
	if (path.endsWith(".gz")) {
		return promisify(gunzip)(await readFile(path), { maxOutputLength: MAX_MODULE_BYTES });
	}
	const command = path.endsWith(".xz") ? "xz" : "zstd";
	const result = await execa(command, ["-dcq", path], {
		encoding: "buffer",
		maxBuffer: MAX_MODULE_BYTES,
		reject: false,
		stdin: "ignore",
	});
	if (result.failed)
		throw new InputError(path, "", `${command} cannot decompress it (${result.shortMessage})`);
	return result.stdout;
}
