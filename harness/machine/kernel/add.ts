// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { InputError, unreadable } from "../../base/errors.js";
import { readCatalog } from "./catalog.js";
import { type KernelConfig, parseConfig } from "./config.js";
import { readImage } from "./image.js";
import { type ModuleTree, readModuleTree } from "./modules.js";
import { type StoredKernel, storeKernel } from "./store.js";

export interface OwnKernel {
	/** Path of a bootable image. */
	image: string;
	/** Folder with its modules, such as `lib/modules/<release>`. */
	modules?: string | undefined;
	/** Its `.config`. */
	config?: string | undefined;
	/** Its id; default: its release. */
	id?: string | undefined;
}

/** Adds a user's kernel image. @throws InputError: an invalid file, or drivers that are missing */
export async function addKernel(own: OwnKernel): Promise<StoredKernel> {
	const { release } = await readImage(own.image);
	const id = own.id ?? release;
	const catalog = await readCatalog();
	if (catalog.lines.some((line) => line.id === id)) {
		throw new InputError(own.image, "--id", `${id} is a line of the catalog; choose another name`);
	}
	const modules = own.modules === undefined ? undefined : await modulesIn(own.modules);
	if (own.config !== undefined) {
		const text = await readFile(own.config, "utf8").catch((cause: unknown) => {
			throw unreadable(own.config ?? "", cause);
		});
		const config = parseConfig(own.config, text);
		for (const name of catalog.modules.boot) {
			if (!modules?.files.has(name)) requireBuiltin(own.config, config, name);
		}
	}
	return storeKernel({ ...own, id, source: resolve(own.image), packages: [] });
}

async function modulesIn(folder: string): Promise<ModuleTree> {
	if (!(await stat(folder).catch(() => undefined))?.isDirectory())
		throw new InputError(folder, "", "is not a folder");
	const modules = await readModuleTree(folder);
	if (modules.files.size === 0) throw new InputError(folder, "", "contains no modules (*.ko, *.ko.xz, …)");
	return modules;
}

/** The module's option is its name: virtio_pci is CONFIG_VIRTIO_PCI. */
function requireBuiltin(file: string, config: KernelConfig, module: string): void {
	const option = module.toUpperCase();
	const value = config.get(option);
	if (value === "y") return;
	const state = value === "m" ? "a module, but --modules does not have it" : "off";
	throw new InputError(file, `CONFIG_${option}`, `is ${state}; a guest cannot talk to the runner without it`);
}
