// SPDX-License-Identifier: Apache-2.0
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { withTemporaryFolder } from "../../base/host-files.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { download, findPackages } from "../debian/apt.js";
import { unpackDeb } from "../debian/deb.js";
import { findMirrors, type Mirrors } from "../debian/mirrors.js";
import { readCatalog } from "./catalog.js";
import type { Kernel } from "./kernel.js";
import { allModulesFolder, keepAllModules, type ModuleTree, readModuleTree } from "./modules.js";
import { type StoredKernel, storedKernel, storeFolder } from "./store.js";

/**
 * Every module that a kernel was shipped with, downloaded in its version if it was stored without.
 * @throws UndecidedError when they are neither here nor in the archive
 */
export async function allModules(
	kernel: Kernel,
	mirrors: () => Promise<Mirrors> = findMirrors,
): Promise<ModuleTree> {
	const folder = allModulesFolder(kernel.image_sha256);
	const here = async () => (await stat(folder).catch(() => undefined))?.isDirectory();
	if (!(await here())) await fetchModules(kernel, mirrors);
	if (!(await here())) throw lost(kernel, "its packages contain none");
	return readModuleTree(folder);
}

async function fetchModules(kernel: Kernel, mirrors: () => Promise<Mirrors>): Promise<void> {
	const record = await storedKernel(kernel.id);
	if (!record || record.image_sha256 !== kernel.image_sha256 || record.packages.length === 0)
		throw lost(kernel, "it was added without them (kernels add --modules)");
	const { architectures } = await readCatalog();
	const arch = architectures[kernel.arch]?.debian ?? kernel.arch;
	const apt = { mirrors: await mirrors() };
	await withTemporaryFolder(async (temporary) => {
		const root = join(temporary, "root");
		for (const wanted of record.packages) {
			const suite = { name: wanted.suite, arch };
			const found = await findPackages(apt, suite, (name) => name === wanted.name);
			const same = found.find(({ sha256 }) => sha256 === wanted.sha256);
			if (!same) throw lost(kernel, `${wanted.name} ${wanted.version} is no longer in ${wanted.suite}`);
			await unpackDeb(await download(same, temporary), root);
		}
		const tree = await moduleFolder(root, record);
		if (tree) await keepAllModules(tree, kernel.image_sha256);
	}, storeFolder());
}

async function moduleFolder(root: string, { release }: StoredKernel): Promise<ModuleTree | undefined> {
	for (const folder of [`usr/lib/modules/${release}`, `lib/modules/${release}`]) {
		const tree = await readModuleTree(join(root, folder)).catch(() => undefined);
		if (tree && tree.files.size > 0) return tree;
	}
	return undefined;
}

function lost(kernel: Kernel, why: string) {
	return undecided("modules-not-here", { kernel: kernel.id, why });
}
