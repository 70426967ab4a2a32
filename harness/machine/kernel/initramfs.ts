// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cacheRoot } from "../../base/cache-root.js";
import { replaceFile, sha256 } from "../../base/host-files.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { readCatalog } from "./catalog.js";
import type { Kernel } from "./kernel.js";
import { loadOrder, readModulesDep } from "./modules.js";
import { modulesDigest, storedDigest } from "./store.js";

/** One entry of an initramfs. Folders come before what is in them. */
type CpioEntry =
	| { kind: "file"; path: string; mode: number; data: Uint8Array }
	| { kind: "folder"; path: string; mode: number }
	| { kind: "device"; path: string; mode: number; major: number; minor: number };

const TYPE = { file: 0o100000, folder: 0o040000, device: 0o020000 };

/**
 * A "newc" archive (K: early-userspace/buffer-format.rst) without times and owners; paths without a
 * slash in front; devices are character devices.
 */
export function writeCpio(entries: CpioEntry[]): Uint8Array {
	const parts: Uint8Array[] = [];
	let inode = 1;
	const append = (entry: CpioEntry, number: number) => {
		const name = Buffer.from(`${entry.path}\0`);
		const data = entry.kind === "file" ? entry.data : new Uint8Array(0);
		const device = entry.kind === "device" ? [entry.major, entry.minor] : [0, 0];
		const mode = TYPE[entry.kind] | entry.mode;
		const links = entry.kind === "folder" ? 2 : 1;
		const fields = [number, mode, 0, 0, links, 0, data.length, 0, 0, ...device, name.length, 0];
		const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
		parts.push(Buffer.from(header), name, padding(header.length + name.length), data, padding(data.length));
	};
	for (const entry of entries) append(entry, inode++);
	append({ kind: "file", path: "TRAILER!!!", mode: 0, data: new Uint8Array(0) }, 0);
	return Buffer.concat(parts);
}

function padding(length: number): Uint8Array {
	return new Uint8Array((4 - (length % 4)) % 4);
}

/** To be increased when the layout of the archive changes. */
const LAYOUT = 2;

export interface Initramfs {
	path: string;
	/** Of the file's content. */
	sha256: string;
}

/**
 * The initramfs that boots into the agent, from the cache: `/init`, `/modules/NNN-name.ko` for boot
 * in that order, `/modules/lazy/name.ko` with `order` (`name: dependency ...`),
 * `/boot/config-<release>` (gzip, for libbpf's CONFIG_* externs), mount points, `/dev/console`.
 * Uncompressed, which is faster.
 * @throws UndecidedError `agent-missing`, `store-damaged`
 */
export async function initramfsFor(kernel: Kernel, agentPath: string): Promise<Initramfs> {
	const agent = await readFile(agentPath).catch((cause: unknown) => {
		throw undecided("agent-missing", { path: agentPath }, { cause });
	});
	const { boot, lazy } = (await readCatalog()).modules;
	const config = kernel.config === undefined ? undefined : await readFile(kernel.config);
	const inputs = [
		...[LAYOUT, sha256(agent), kernel.modules_sha256 ?? "none", boot.join(","), lazy.join(",")],
		...(config ? [kernel.release, sha256(config)] : []),
	];
	const folder = join(cacheRoot(), "initramfs");
	const path = join(folder, `${sha256(inputs.join("\n"))}.cpio`);
	const expected = await readFile(`${path}.sha256`, "utf8").catch(() => undefined);
	if (expected !== undefined && (await storedDigest(path).catch(() => undefined)) === expected) {
		return { path, sha256: expected };
	}
	const content = writeCpio(await entries(kernel, agent, config, boot, lazy));
	const digest = sha256(content);
	await replaceFile(path, content);
	await replaceFile(`${path}.sha256`, digest);
	return { path, sha256: digest };
}

async function entries(
	kernel: Kernel,
	agent: Uint8Array,
	config: Uint8Array | undefined,
	boot: string[],
	lazy: string[],
): Promise<CpioEntry[]> {
	const folders = ["boot", "dev", "proc", "sys", "tmp", "run", "mnt", "modules", "modules/lazy"];
	const list: CpioEntry[] = folders.map((path) => ({ kind: "folder", path, mode: 0o755 }));
	list.push({ kind: "device", path: "dev/console", mode: 0o600, major: 5, minor: 1 });
	list.push({ kind: "device", path: "dev/null", mode: 0o666, major: 1, minor: 3 });
	list.push({ kind: "file", path: "init", mode: 0o755, data: agent });
	if (config) {
		list.push({ kind: "file", path: `boot/config-${kernel.release}`, mode: 0o644, data: gzipSync(config) });
	}
	const modules = kernel.modules === undefined ? new Map() : await checkedModules(kernel, kernel.modules);
	const file = async (path: string, name: string) => {
		const data = await readFile(join(kernel.modules ?? "", modules.get(name)!.file));
		list.push({ kind: "file", path, mode: 0o644, data });
	};
	const first = loadOrder(modules, boot);
	for (const [index, name] of first.entries()) {
		await file(`modules/${String(index).padStart(3, "0")}-${name}.ko`, name);
	}
	const order: string[] = [];
	for (const name of loadOrder(modules, lazy)) {
		if (first.includes(name)) continue;
		await file(`modules/lazy/${name}.ko`, name);
		const before = loadOrder(modules, [name]).filter((each) => each !== name && !first.includes(each));
		order.push(`${name}:${before.map((each) => ` ${each}`).join("")}\n`);
	}
	list.push({ kind: "file", path: "modules/lazy/order", mode: 0o644, data: Buffer.from(order.join("")) });
	return list;
}

async function checkedModules(kernel: Kernel, folder: string) {
	if ((await modulesDigest(folder)) !== kernel.modules_sha256) {
		throw undecided("store-damaged", {
			path: folder,
			what: `the modules of kernel ${kernel.id} differ from those that were stored`,
			kernel: kernel.id,
			own: false,
		});
	}
	return readModulesDep(folder);
}
