// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { copyFile, readdir, readFile as readHostFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Static, Type } from "@sinclair/typebox";
import { cacheRoot } from "../../base/cache-root.js";
import { sha256, withTemporaryFolder } from "../../base/host-files.js";
import { keep, readKept } from "../../base/schema-cache.js";
import { validator } from "../../base/validate.js";
import { Btf } from "../../data/package/btf/btf.js";
import { allModules } from "../kernel/all-modules.js";
import type { GuestModule, Kernel } from "../kernel/kernel.js";
import { readModinfo } from "../kernel/modinfo.js";
import { moduleSymbols } from "../kernel/module-symbols.js";
import type { ModuleTree } from "../kernel/modules.js";
import type { Guest } from "../vm/guest.js";
import { readFile } from "./files.js";

/** To be increased when the lists hold something else. */
const version = 1;

/** Names as `moduleSymbols` writes them. */
const KernelNames = Type.Array(Type.String());
/** Of each module: its names, and the modules that it needs. */
const ModuleNames = Type.Record(
	Type.String(),
	Type.Object({ names: Type.Array(Type.String()), depends: Type.Array(Type.String()) }),
);
type ModuleNames = Static<typeof ModuleNames>;
const kernelNames = validator(KernelNames);
const moduleNames = validator(ModuleNames);

/** Functions and tracepoints of a kernel and its modules, listed once for each image. */
export class KernelFunctions {
	private readonly own = new Map<string, Promise<Set<string>>>();
	private readonly modules = new Map<string, Promise<ModuleNames>>();

	/** @param guest creates the guest whose BTF is read */
	constructor(private readonly guest: (kernel: Kernel) => Promise<Guest>) {}

	/** Names that the kernel itself does not have; empty for a kernel without BTF. */
	async absent(kernel: Kernel, names: readonly string[]): Promise<string[]> {
		const own = await kept(this.own, kernel.image_sha256, () => this.ownNames(kernel));
		return own.size === 0 ? [] : names.filter((name) => !own.has(name));
	}

	/** The module of each name that one has. @throws UndecidedError when modules cannot be had */
	async modulesOf(kernel: Kernel, names: readonly string[]): Promise<Map<string, string>> {
		const modules = await this.moduleNames(kernel);
		const found = new Map<string, string>();
		for (const [module, { names: own }] of Object.entries(modules)) {
			const has = new Set(own);
			for (const name of names) if (!found.has(name) && has.has(name)) found.set(name, module);
		}
		return found;
	}

	/** Files of modules and all they depend on, in loading order; unknown names are left out. */
	async files(kernel: Kernel, wanted: readonly string[]): Promise<GuestModule[]> {
		const modules = await this.moduleNames(kernel);
		const tree = await allModules(kernel);
		const ordered = new Map<string, GuestModule>();
		const visit = (name: string, path: readonly string[]) => {
			const file = tree.files.get(name);
			if (ordered.has(name) || path.includes(name) || file === undefined) return;
			const depends = modules[name]?.depends.filter((each) => tree.files.has(each)) ?? [];
			for (const each of depends) visit(each, [...path, name]);
			ordered.set(name, { name, file: join(tree.folder, file) });
		};
		for (const name of wanted) visit(name.replaceAll("-", "_"), []);
		return [...ordered.values()];
	}

	/** A failure is kept as well: the network is not asked again for each package. */
	private moduleNames(kernel: Kernel): Promise<ModuleNames> {
		return kept(this.modules, kernel.image_sha256, async () => {
			const path = cachePath("module-functions", kernel);
			const cached = await readKept(path, moduleNames);
			if (cached) return cached;
			const made = await namesOfModules(await allModules(kernel));
			await keep(path, JSON.stringify(made));
			return made;
		});
	}

	private async ownNames(kernel: Kernel): Promise<Set<string>> {
		const path = cachePath("functions", kernel);
		const cached = await readKept(path, kernelNames);
		if (cached) return new Set(cached);
		const { guest: _, ...plain } = kernel;
		const guest = await this.guest(plain);
		try {
			const bytes = await readFile(guest.client, "/sys/kernel/btf/vmlinux");
			const names = bytes ? namesOfKernel(new Btf("/sys/kernel/btf/vmlinux", bytes)) : [];
			await keep(path, JSON.stringify(names));
			return new Set(names);
		} finally {
			await guest.dispose();
		}
	}
}

/** A tracepoint has a type of its own in BTF (K: include/trace/bpf_probe.h). */
const tracepointType = "btf_trace_";

function namesOfKernel(btf: Btf): string[] {
	const names = new Set<string>();
	for (const id of btf.ids("func")) names.add(btf.name(id));
	for (const id of btf.ids("typedef")) {
		const name = btf.name(id);
		if (name.startsWith(tracepointType)) names.add(`tp:${name.slice(tracepointType.length)}`);
	}
	return [...names];
}

/** One process for all modules of a kind of compression: there are hundreds. */
async function namesOfModules(tree: ModuleTree): Promise<ModuleNames> {
	return withTemporaryFolder(async (folder) => {
		const packed: Record<string, string[]> = {};
		for (const [name, file] of tree.files) {
			const target = `${name}.ko${/\.(xz|zst)$/.exec(file)?.[0] ?? ""}`;
			await copyFile(join(tree.folder, file), join(folder, target));
			const command = target.endsWith(".xz") ? "xz" : target.endsWith(".zst") ? "zstd" : undefined;
			if (command) packed[command] = [...(packed[command] ?? []), target];
		}
		for (const [command, files] of Object.entries(packed))
			await promisify(execFile)(command, ["-dq", ...(command === "zstd" ? ["--rm"] : []), ...files], {
				cwd: folder,
			});
		const modules: ModuleNames = {};
		for (const file of await readdir(folder)) {
			const bytes = await readHostFile(join(folder, file));
			const { depends } = readModinfo(file, bytes);
			modules[file.replace(/\.ko$/, "")] = { names: [...new Set(moduleSymbols(file, bytes))], depends };
		}
		return modules;
	});
}

function cachePath(kind: string, { image_sha256, modules_sha256 = "" }: Kernel): string {
	const key = sha256([version, image_sha256, modules_sha256].join("\n"));
	return join(cacheRoot(), "features", `${key}.${kind}.json`);
}

function kept<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
	const found = known.get(key) ?? make();
	known.set(key, found);
	return found;
}
