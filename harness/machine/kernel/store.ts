// SPDX-License-Identifier: Apache-2.0
import { copyFile, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { cacheRoot } from "../../base/cache-root.js";
import { InputError, type UndecidedError } from "../../base/errors.js";
import { replaceFile, sha256, sha256File, withTemporaryFolder } from "../../base/host-files.js";
import { between } from "../../base/results.js";
import { keep } from "../../base/schema-cache.js";
import { validator } from "../../base/validate.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { readCatalog } from "./catalog.js";
import { readImage } from "./image.js";
import type { Kernel } from "./kernel.js";
import { collectModules, keepAllModules, readModuleTree } from "./modules.js";

const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });

/** The store's record of a kernel: `<id>.json`, and `record.json` beside the files. */
export const StoredKernel = Type.Object({
	format: Type.Literal("bpfgate/kernel"),
	version: Type.Literal(1),
	id: Type.String(),
	release: Type.String(),
	arch: Type.String(),
	source: Type.String({ description: "image package and version, or the file it was added from" }),
	packages: Type.Array(
		Type.Object({ name: Type.String(), version: Type.String(), suite: Type.String(), sha256: Sha256 }),
	),
	image_sha256: Sha256,
	image_bytes: Type.Integer({ minimum: 1 }),
	modules_sha256: Type.Optional(Sha256),
	config_sha256: Type.Optional(Sha256),
	object: Sha256,
	stored: Type.String({ description: "RFC 3339, UTC" }),
});
export type StoredKernel = Static<typeof StoredKernel>;

/** A kernel to store. Files are copied; the store never refers to these paths later. */
export interface KernelParts {
	id: string;
	source: string;
	packages: StoredKernel["packages"];
	image: string;
	/** Folder with module files, such as `lib/modules/<release>`. */
	modules?: string | undefined;
	config?: string | undefined;
}

const recordSchema = validator(StoredKernel);
/** Names that the command line and the results document give a meaning of their own. */
const reserved = new Map([
	["default", "a group of kernels in --kernels"],
	["all", "a group of kernels in --kernels"],
	[between, "results about several kernels"],
]);
const ID = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** `<id>.json` names an object; `objects/<digest>/` holds image, modules and config. */
export function storeFolder(): string {
	return join(cacheRoot(), "kernels");
}

/** Takes what is not there for `value`. Other errors, such as a missing permission, stay errors. */
const ifAbsent =
	<T>(value: T) =>
	(error: NodeJS.ErrnoException): T => {
		if (error.code === "ENOENT") return value;
		throw error;
	};

/** Ids of all records in the store, sound or broken, sorted. */
export async function storedIds(): Promise<string[]> {
	const names = await readdir(storeFolder()).catch(ifAbsent([]));
	const ids = names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
	return ids.filter((id) => ID.test(id)).sort();
}

/** One kernel's record; undefined when it is not in the store. @throws InputError */
export async function storedKernel(id: string): Promise<StoredKernel | undefined> {
	if (!ID.test(id)) return undefined;
	const path = join(storeFolder(), `${id}.json`);
	const text = await readFile(path, "utf8").catch(ifAbsent(undefined));
	if (text === undefined) return undefined;
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new InputError(path, "", `is not JSON; ${(await damaged(id, path, "")).hint}`, { cause });
	}
	const violation = recordSchema.violation(value);
	if (violation) {
		const { hint } = await damaged(id, path, "");
		throw new InputError(path, violation.pointer, `${violation.reason}; ${hint}`);
	}
	return value as StoredKernel;
}

/**
 * A kernel of the store, its image checked against its digest. @throws InputError: unknown, or a
 * broken record; UndecidedError `kernel-not-pulled`, `store-damaged`
 */
export async function openKernel(id: string): Promise<Kernel> {
	const record = await storedKernel(id);
	if (!record) throw await notHere(id);
	const folder = join(storeFolder(), "objects", record.object);
	const image = join(folder, "image");
	const digest = await storedDigest(image).catch(ifAbsent(undefined));
	if (digest !== record.image_sha256) {
		const how = digest === undefined ? "is missing" : "differs from the one that was stored";
		throw await damaged(id, image, `the image of kernel ${id} ${how}`);
	}
	return {
		id: record.id,
		release: record.release,
		arch: record.arch,
		image,
		image_sha256: record.image_sha256,
		source: record.source,
		...(record.modules_sha256
			? { modules: join(folder, "modules"), modules_sha256: record.modules_sha256 }
			: {}),
		...(record.config_sha256 ? { config: join(folder, "config") } : {}),
	};
}

/**
 * Stores a kernel, completely or not at all; an older object under the id stays on disk.
 * @throws InputError when the image is invalid, or the modules were built for another release
 */
export async function storeKernel(parts: KernelParts): Promise<StoredKernel> {
	if (!ID.test(parts.id))
		throw new InputError(parts.id, "", "is not a valid kernel name: use letters, digits and . _ + -");
	const meaning = reserved.get(parts.id);
	if (meaning !== undefined)
		throw new InputError(parts.id, "", `is not available as a kernel name: it stands for ${meaning}`);
	const { release, arch } = await readImage(parts.image);
	const { modules } = await readCatalog();
	const objects = join(storeFolder(), "objects");
	return withTemporaryFolder(async (temporary) => {
		const folder = join(temporary, "object");
		await mkdir(folder);
		await copyFile(parts.image, join(folder, "image"));
		const image = await readFile(join(folder, "image"));
		const record: Omit<StoredKernel, "object"> = {
			format: "bpfgate/kernel",
			version: 1,
			id: parts.id,
			release,
			arch,
			source: parts.source,
			packages: parts.packages,
			image_sha256: sha256(image),
			image_bytes: image.length,
			stored: new Date().toISOString(),
		};
		if (parts.modules !== undefined) {
			const target = join(folder, "modules");
			const tree = await readModuleTree(parts.modules);
			const made = await collectModules(tree, [...modules.boot, ...modules.lazy], target);
			if (made !== undefined && made !== release) {
				throw new InputError(parts.modules, "", `has modules of ${made}, but the image is ${release}`);
			}
			record.modules_sha256 = await modulesDigest(target);
			await keepAllModules(tree, record.image_sha256);
		}
		if (parts.config !== undefined) {
			await copyFile(parts.config, join(folder, "config")).catch((cause: unknown) => {
				throw new InputError(parts.config ?? "", "", "cannot be read", { cause });
			});
			record.config_sha256 = await sha256File(join(folder, "config"));
		}
		const content = [record.image_sha256, record.modules_sha256, record.config_sha256];
		const stored: StoredKernel = { ...record, object: sha256(content.join("\n")) };
		const text = `${JSON.stringify(stored, null, "\t")}\n`;
		await replaceFile(join(folder, "record.json"), text);
		const home = join(objects, stored.object);
		// An existing one may be damaged: replace it.
		await rename(home, join(temporary, "old")).catch(() => {});
		await rename(folder, home);
		await replaceFile(join(storeFolder(), `${parts.id}.json`), text);
		return stored;
	}, objects);
}

/** Digest of a folder of modules, over the names and digests of all its files. */
export async function modulesDigest(folder: string): Promise<string> {
	const names = (await readdir(folder)).filter((name) => !name.endsWith(".digest")).sort();
	const lines = names.map(async (name) => `${await sha256File(join(folder, name))}  ${name}\n`);
	return sha256((await Promise.all(lines)).join(""));
}

async function damaged(id: string, path: string, what: string): Promise<UndecidedError> {
	const { lines } = await readCatalog();
	return undecided("store-damaged", { path, what, kernel: id, own: !lines.some((line) => line.id === id) });
}

async function notHere(id: string): Promise<Error> {
	const known = (await readCatalog()).lines.map((line) => line.id);
	if (known.includes(id)) return undecided("kernel-not-pulled", { kernels: [id] });
	const own = (await storedIds()).filter((each) => !known.includes(each));
	return new InputError(
		`kernel ${ID.test(id) ? id : JSON.stringify(id)}`,
		"",
		`is unknown; known are ${[...known, ...own].join(", ")}, and the groups default and all`,
	);
}

/**
 * SHA-256 in hex, kept in `<path>.digest` while device, inode, size and times are the same: no
 * program can write without changing the last. Corruption of the disk goes unnoticed until the note
 * is removed.
 */
export async function storedDigest(path: string): Promise<string> {
	const status = await stat(path, { bigint: true });
	const identity = [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(" ");
	const note = `${path}.digest`;
	const [noted, digest] = (await readFile(note, "utf8").catch(() => "")).split("\n");
	if (noted === identity && /^[0-9a-f]{64}$/.test(digest ?? "")) return digest!;
	const fresh = await sha256File(path);
	await keep(note, `${identity}\n${fresh}\n`);
	return fresh;
}
