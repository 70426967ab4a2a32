// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { access, readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError, UndecidedError } from "../../../base/errors.js";
import { readCatalog } from "../../../machine/kernel/catalog.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import { openKernel } from "../../../machine/kernel/store.js";
import type { Diagnosis } from "./diagnosis.js";

const gibibyte = 1024 ** 3;

/** Node's version, as `process.versions.node` has it. */
export function diagnoseNode(version: string): Diagnosis {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const ok = major > 20 || (major === 20 && minor >= 19);
	return {
		name: "node",
		state: ok ? "ok" : "missing",
		found: version,
		why: "runs bpfgate; 20.19 or newer",
		fix: ok ? [] : ["install Node 20.19 or newer"],
	};
}

/** @param meminfo text of /proc/meminfo (proc(5)) */
export function diagnoseMemory(meminfo: string): Diagnosis {
	const kibibytes = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? Number.NaN);
	const ok = kibibytes * 1024 >= gibibyte;
	return {
		name: "memory",
		state: ok ? "ok" : "missing",
		found: Number.isNaN(kibibytes) ? "unknown" : `${gib(kibibytes * 1024)} available`,
		why: "a VM needs up to 0.25 GiB and its emulator some more; 1 GiB is enough",
		fix: ok ? [] : ["end other programs, or use --jobs 1"],
	};
}

/** The folder of kernels, templates and downloads: writable, and with enough free space? */
export async function diagnoseCache(root: string): Promise<Diagnosis[]> {
	const folder = await existing(root);
	const writable = await access(folder, constants.W_OK | constants.X_OK).then(
		() => true,
		() => false,
	);
	const { bavail, bsize } = await statfs(folder);
	const room = bavail * bsize;
	return [
		{
			name: "cache",
			state: writable ? "ok" : "missing",
			found: writable ? root : `${folder} is not writable`,
			why: "keeps kernels and templates",
			fix: writable ? [] : ["set BPFGATE_CACHE to a writable folder"],
		},
		{
			name: "disk",
			state: room >= 2 * gibibyte ? "ok" : "missing",
			found: `${gib(room)} free in ${folder}`,
			why: "eleven kernels with their templates take about 2 GiB",
			fix: room >= 2 * gibibyte ? [] : ["free space, or set BPFGATE_CACHE to a folder with more space"],
		},
	];
}

/** The default kernels, and the newest of those in the store. */
export async function diagnoseKernels(): Promise<{ diagnosis: Diagnosis; kernel: Kernel | undefined }> {
	const wanted = (await readCatalog()).default;
	let kernel: Kernel | undefined;
	const found: string[] = [];
	const fix: string[] = [];
	for (const id of wanted) {
		try {
			kernel = await openKernel(id);
		} catch (error) {
			if (!(error instanceof UndecidedError || error instanceof InputError)) throw error;
			found.push(error.message);
			const absent = error instanceof UndecidedError && error.code === "kernel-not-pulled";
			fix.push(absent ? id : `${id} --force`);
		}
	}
	const diagnosis: Diagnosis = {
		name: "kernels",
		state: found.length === 0 ? "ok" : "missing",
		found: found.length === 0 ? wanted.join(", ") : found.join("; "),
		why: "the default kernels",
		fix: fix.length === 0 ? [] : [fix.map((each) => `bpfgate kernels pull ${each}`).join("; ")],
	};
	return { diagnosis, kernel };
}

/** @param path of the guest agent's executable */
export async function diagnoseAgent(path: string): Promise<Diagnosis> {
	const there = await access(path, constants.X_OK).then(
		() => true,
		() => false,
	);
	return {
		name: "agent",
		state: there ? "ok" : "missing",
		found: there ? path : `${path} does not exist`,
		why: "the program inside each guest",
		fix: there ? [] : ["ci/setup"],
	};
}

export async function readMeminfo(): Promise<string> {
	return readFile("/proc/meminfo", "utf8").catch(() => "");
}

/** The nearest folder above (or at) a path that may not exist yet. */
async function existing(path: string): Promise<string> {
	const there = await access(path).then(
		() => true,
		() => false,
	);
	return there || dirname(path) === path ? path : existing(dirname(path));
}

function gib(bytes: number): string {
	return `${(bytes / gibibyte).toFixed(1)} GiB`;
}
