// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { readCatalog } from "./catalog.js";
import { type StoredKernel, storedIds, storedKernel } from "./store.js";

/** A kernel of the catalog, of the store, or both. */
export interface ListedKernel {
	id: string;
	/** Used when the user names no kernels. */
	default: boolean;
	/** Where to get it; absent for a kernel that the user added. */
	suites?: string[];
	/** Why it cannot be used: what is wrong with its record in the store, and how to fix it. */
	problem?: string;
	/** The following only when it is in the store. */
	here: boolean;
	release?: string;
	arch?: string;
	image_sha256?: string;
	/** Of the image. */
	bytes?: number;
	source?: string;
	/** RFC 3339, UTC. */
	stored?: string;
}

/** The catalog's lines in its order, then kernels that the user added, by name. */
export async function listKernels(): Promise<ListedKernel[]> {
	const catalog = await readCatalog();
	const ids = await storedIds();
	const found = new Map(await Promise.all(ids.map(async (id) => [id, await recordOrError(id)] as const)));
	const describe = (id: string, suites?: string[]): ListedKernel => {
		const either = found.get(id);
		const record = either instanceof InputError ? undefined : either;
		return {
			id,
			default: catalog.default.includes(id),
			...(suites ? { suites } : {}),
			...(either instanceof InputError ? { problem: either.message } : {}),
			here: record !== undefined,
			...(record && {
				release: record.release,
				arch: record.arch,
				image_sha256: record.image_sha256,
				bytes: record.image_bytes,
				source: record.source,
				stored: record.stored,
			}),
		};
	};
	const known = catalog.lines.map((line) => describe(line.id, line.suites));
	const own = ids.filter((id) => known.every((each) => each.id !== id));
	return [...known, ...own.map((id) => describe(id))];
}

async function recordOrError(id: string): Promise<StoredKernel | InputError | undefined> {
	return storedKernel(id).catch((error: unknown) => {
		if (error instanceof InputError) return error;
		throw error;
	});
}
