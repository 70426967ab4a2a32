// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants, existsSync } from "node:fs";
import {
	access,
	chmod,
	open,
	readdir,
	readFile,
	rename,
	rm,
	stat,
	utimes,
	writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Static, Type } from "@sinclair/typebox";
import { makersPrefix, removeAbandoned } from "../../base/abandoned.js";
import { makeFolder } from "../../base/host-files.js";
import { validator } from "../../base/validate.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { defaultMemoryMiB } from "../kernel/kernel.js";
import { Instance, type InstanceOptions, type Template } from "./instance.js";
import { locked } from "./lock.js";
import { removeFolder, temporaryFolder } from "./process.js";
import { commandLine } from "./qemu.js";

/** How many most recently used templates are kept; each has 100-130 MB. */
const kept = 24;
const making = ".making-";
/** The same of the folders with a socket, in the temporary folder. */
const saving = "bpfgate-template-";
/** To be increased when earlier templates must not be used: 2 are those with a correct clock. */
const recipe = 2;
/** Milliseconds to wait for another runner that makes the same template. */
const makingMs = 120_000;

const TemplateRecord = Type.Object({
	format: Type.Literal("bpfgate/template"),
	version: Type.Literal(1),
	kernel: Type.String(),
	image: Type.String(),
	state_sha256: Type.String(),
	ram_bytes: Type.Integer(),
	ram_mtime: Type.String({ description: "nanoseconds; RAM is too large to hash for each clone" }),
});
type TemplateRecord = Static<typeof TemplateRecord>;
const records = validator(TemplateRecord);

/** What a template depends on: kernel, initramfs, QEMU, command line, with KVM the CPU. */
export function templateKey(options: InstanceOptions, qemuVersion: string, cpu: string): string {
	const { kit, accelerator } = options;
	const { command, args } = commandLine({ kit, accelerator, memory: { kind: "private" } });
	const images = [kit.image_sha256, kit.initramfs_sha256];
	const inputs = [recipe, command, ...args, ...images, qemuVersion, accelerator === "kvm" ? cpu : ""];
	return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 32);
}

/** Makes the template in a separate folder, renamed when complete, unless a sound one is there. */
export async function template(root: string, key: string, options: InstanceOptions): Promise<Template> {
	const folder = join(root, key);
	const found = await sound(folder);
	if (found) return found;
	await makeFolder(root);
	const lock = { path: join(root, `${key}.lock`), patience: makingMs, signal: options.signal };
	return locked(lock, async () => {
		const meanwhile = await sound(folder);
		if (meanwhile) return meanwhile;
		await rm(folder, { recursive: true, force: true });
		await sweep(root);
		await make(root, folder, options);
		return parts(folder);
	});
}

/** Deletes a template from which no clone came up, if the cache can be written. */
export async function discard(root: string, key: string): Promise<void> {
	await rm(join(root, key), { recursive: true, force: true }).catch(() => {});
}

/**
 * The template with RAM that QEMU can open. Before 8.2 it opens the file for writing although it
 * maps it privately: where the cache is read-only, this run clones from a copy.
 */
export async function openable(source: Template): Promise<Template> {
	const writable = await access(source.ram, constants.W_OK).then(
		() => true,
		() => false,
	);
	if (writable) return source;
	const ram = join(temporaryFolder(tmpdir(), "bpfgate-"), "ram");
	await promisify(execFile)("cp", ["--sparse=always", source.ram, ram]).catch(
		(cause: { stderr?: string }) => {
			throw undecided("not-written", { path: ram, why: (cause.stderr ?? String(cause)).trim() }, { cause });
		},
	);
	return { ...source, ram };
}

async function make(root: string, folder: string, options: InstanceOptions): Promise<void> {
	const unfinished = temporaryFolder(root, makersPrefix(making));
	try {
		const { ram, state } = parts(unfinished);
		const memory = await open(ram, "wx");
		await memory.truncate((options.kit.memory ?? defaultMemoryMiB) * 2 ** 20);
		// QEMU may run as another user; the folder is still closed to all others.
		await memory.chmod(0o666);
		await memory.close();
		// For a socket, whose path must be short: not in the cache.
		const through = temporaryFolder(tmpdir(), makersPrefix(saving));
		try {
			await chmod(through, 0o755);
			const instance = await Instance.boot(options, { kind: "shared", file: ram, folder: through });
			try {
				await instance.save(state, through);
			} finally {
				await instance.dispose();
			}
		} finally {
			removeFolder(through);
		}
		const file = await open(ram);
		await file.chmod(0o644);
		await file.datasync();
		await file.close();
		const { size, mtimeNs } = await stat(ram, { bigint: true });
		const record: TemplateRecord = {
			format: "bpfgate/template",
			version: 1,
			kernel: options.kernel,
			image: options.kit.image,
			state_sha256: await sha256(state),
			ram_bytes: Number(size),
			ram_mtime: String(mtimeNs),
		};
		await writeFile(join(unfinished, "template.json"), `${JSON.stringify(record, null, "\t")}\n`);
		await chmod(unfinished, 0o755); // Other users may have the same cache, read-only.
		await rename(unfinished, folder).catch(async (error) => {
			if (!(await sound(folder))) throw error; // Another runner was faster; use its template.
		});
	} finally {
		removeFolder(unfinished);
	}
}

function parts(folder: string): Template {
	return {
		ram: join(folder, "ram"),
		state: join(folder, "state"),
		inventory: join(folder, "inventory.json"),
		view: join(folder, "view.json"),
	};
}

async function sha256(file: string): Promise<string> {
	return createHash("sha256")
		.update(await readFile(file))
		.digest("hex");
}

/** The template in `folder` if it is complete and unchanged; notes the use where it can. */
export async function sound(folder: string): Promise<Template | undefined> {
	const found = parts(folder);
	try {
		const path = join(folder, "template.json");
		const record = await readRecord(path);
		const ram = await stat(found.ram, { bigint: true });
		if (String(ram.mtimeNs) !== record.ram_mtime || Number(ram.size) !== record.ram_bytes) return undefined;
		if ((await sha256(found.state)) !== record.state_sha256) return undefined;
		const now = new Date();
		await utimes(path, now, now).catch(() => {});
		return found;
	} catch {
		return undefined;
	}
}

async function readRecord(path: string): Promise<TemplateRecord> {
	const record: unknown = JSON.parse(await readFile(path, "utf8"));
	if (!records.accepts(record)) throw new Error(`${path} is not a record of a template`);
	return record;
}

/** Removes unfinished templates, those without their kernel, the least recently used. */
async function sweep(root: string): Promise<void> {
	await removeAbandoned(root, making);
	await removeAbandoned(tmpdir(), saving);
	const used: { folder: string; at: number }[] = [];
	for (const name of await readdir(root)) {
		if (name.startsWith(making) || name.endsWith(".lock")) continue;
		const folder = join(root, name);
		const path = join(folder, "template.json");
		const record = await readRecord(path).catch(() => undefined);
		if (!record || !existsSync(record.image)) await rm(folder, { recursive: true, force: true });
		else used.push({ folder, at: (await stat(path)).mtimeMs });
	}
	used.sort((a, b) => b.at - a.at);
	for (const { folder } of used.slice(kept - 1)) await rm(folder, { recursive: true, force: true });
}
