// SPDX-License-Identifier: Apache-2.0
import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot } from "../../base/cache-root.js";
import { InputError, UndecidedError } from "../../base/errors.js";
import { withTemporaryFolder } from "../../base/host-files.js";
import { type DebianPackage, download } from "../debian/apt.js";
import { unpackDeb } from "../debian/deb.js";
import type { Mirrors } from "../debian/mirrors.js";
import type { Apt } from "../debian/suite-index.js";
import { type Catalog, hostArch, type KernelLine, readCatalog } from "./catalog.js";
import { type Release, resolveLine } from "./resolve.js";
import { openKernel, type StoredKernel, storedKernel, storeFolder, storeKernel } from "./store.js";

/** Progress of a pull; `id` is the line. Byte counts are sums over all packages of a kernel. */
export type PullEvent =
	| { kind: "kept"; id: string; record: StoredKernel }
	| { kind: "resolving"; id: string }
	| { kind: "downloading"; id: string; release: string; bytes: number; total: number }
	| { kind: "storing"; id: string; release: string }
	| { kind: "stored"; id: string; record: StoredKernel }
	| { kind: "failed"; id: string; error: Error };

export interface PullOptions {
	/** Called only when something has to be downloaded. */
	mirrors: () => Promise<Mirrors>;
	/** Download kernels that are already in the store, too. */
	force?: boolean;
	/** Look for newer releases of kernels that are already in the store. */
	update?: boolean;
	onEvent?: (event: PullEvent) => void;
}

/** Debian's mirrors ask clients not to open many connections at once. */
const DOWNLOADS = 4;
/** Unpacking is limited by the processor. */
const INSTALLS = 2;

/**
 * Downloads kernels; sound ones are kept without asking the mirror. A failed one does not stop
 * others: its error is in the returned list.
 * @throws InputError when an id is not in the catalog
 */
export async function pullKernels(ids: string[], options: PullOptions): Promise<Error[]> {
	const catalog = await readCatalog();
	const lines = [...new Set(ids)].map((id) => {
		const line = catalog.lines.find((each) => each.id === id);
		if (line) return line;
		const known = catalog.lines.map((each) => each.id).join(", ");
		throw new InputError(`kernel ${id}`, "", `is not in the catalog; known are ${known}`);
	});
	const emit = options.onEvent ?? (() => {});
	const job: Job = {
		catalog,
		options,
		emit,
		limits: { downloads: limit(DOWNLOADS), installs: limit(INSTALLS) },
	};
	const errors: Error[] = [];
	await Promise.all(
		lines.map(async (line) => {
			try {
				await pullLine(job, line);
			} catch (thrown) {
				const error = thrown instanceof Error ? thrown : new Error(String(thrown));
				errors.push(error);
				emit({ kind: "failed", id: line.id, error });
			}
		}),
	);
	return errors;
}

interface Job {
	apt?: Promise<Apt>;
	catalog: Catalog;
	options: PullOptions;
	emit: (event: PullEvent) => void;
	limits: Limits;
}

export interface Limits {
	downloads: Limit;
	installs: Limit;
}

async function pullLine(job: Job, line: KernelLine): Promise<void> {
	const { options, emit } = job;
	const here = options.force ? undefined : await sound(line.id);
	if (here && !options.update) return emit({ kind: "kept", id: line.id, record: here });
	emit({ kind: "resolving", id: line.id });
	job.apt ??= options.mirrors().then((mirrors) => ({ mirrors }));
	const apt = await job.apt;
	const resolve = (refresh?: boolean) => resolveLine(apt, job.catalog, line, hostArch(), refresh);
	const release = await resolve(options.update);
	if (here && here.packages[0]?.sha256 === release.packages[0]?.sha256) {
		return emit({ kind: "kept", id: line.id, record: here });
	}
	try {
		await fetchRelease(line, release, emit, job.limits);
	} catch (error) {
		// The mirror drops a patch release when the next one comes: the index may have been older
		// than that.
		if (!(error instanceof UndecidedError) || error.code !== "download-failed") throw error;
		const newer = await resolve(true);
		if (newer.release === release.release) throw error;
		await fetchRelease(line, newer, emit, job.limits);
	}
}

/** The record of a kernel whose image has the recorded digest. */
async function sound(id: string): Promise<StoredKernel | undefined> {
	try {
		await openKernel(id);
		return await storedKernel(id);
	} catch (error) {
		if (error instanceof UndecidedError || error instanceof InputError) return undefined;
		throw error;
	}
}

/** Downloads the packages of a release and stores the kernel in them. */
export async function fetchRelease(
	line: KernelLine,
	release: Release,
	emit: (event: PullEvent) => void,
	limits: Limits = { downloads: limit(DOWNLOADS), installs: limit(INSTALLS) },
): Promise<void> {
	// A folder of its own: another pull of the same kernel removes its packages when it is done.
	await withTemporaryFolder(
		(folder) => fetchInto(folder, line, release, emit, limits),
		join(cacheRoot(), "debian", "archives"),
	);
}

async function fetchInto(
	folder: string,
	line: KernelLine,
	release: Release,
	emit: (event: PullEvent) => void,
	limits: Limits,
): Promise<void> {
	const total = release.packages.reduce((sum, each) => sum + each.size, 0);
	const got = new Map<DebianPackage, number>();
	const debs = await Promise.all(
		release.packages.map((each) =>
			limits.downloads(() =>
				download(each, folder, (bytes) => {
					got.set(each, bytes);
					const sum = [...got.values()].reduce((a, b) => a + b, 0);
					emit({ kind: "downloading", id: line.id, release: release.release, bytes: sum, total });
				}),
			),
		),
	);
	const record = await limits.installs(() => {
		emit({ kind: "storing", id: line.id, release: release.release });
		return withTemporaryFolder((root) => install(line, release, debs, root), storeFolder());
	});
	emit({ kind: "stored", id: line.id, record });
}

async function install(
	line: KernelLine,
	release: Release,
	debs: string[],
	root: string,
): Promise<StoredKernel> {
	await mkdir(root, { recursive: true });
	for (const deb of debs) await unpackDeb(deb, root);
	const image = release.packages[0]!;
	const name = release.release;
	// Before 7.2, Debian's packages have /boot and /lib or /usr/lib; since then everything is
	// beside the modules.
	const folders = [`usr/lib/modules/${name}`, `lib/modules/${name}`];
	const path = await firstExisting(root, [`boot/vmlinuz-${name}`, `usr/lib/modules/${name}/vmlinuz`]);
	if (path === undefined) throw new InputError(image.name, "", "contains no kernel image");
	return storeKernel({
		id: line.id,
		source: `${image.name} ${image.version}`,
		packages: release.packages.map(({ name, version, suite, sha256 }) => ({ name, version, suite, sha256 })),
		image: path,
		modules: await firstExisting(
			root,
			folders.map((folder) => `${folder}/kernel`),
		).then((found) => found?.slice(0, -7)),
		config: await firstExisting(root, [
			`boot/config-${name}`,
			...folders.map((folder) => `${folder}/config`),
		]),
	});
}

async function firstExisting(root: string, paths: string[]): Promise<string | undefined> {
	for (const path of paths) {
		const full = join(root, path);
		const status = await lstat(full).catch(() => undefined);
		if (status?.isFile() || status?.isDirectory()) return full;
	}
	return undefined;
}

type Limit = <T>(task: () => Promise<T>) => Promise<T>;

/** Runs at most `count` tasks at a time, in the order they were given. */
function limit(count: number): Limit {
	let running = 0;
	const waiting: (() => void)[] = [];
	return async (task) => {
		if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
		else running++;
		try {
			return await task();
		} finally {
			const next = waiting.shift();
			if (next) next();
			else running--;
		}
	};
}
