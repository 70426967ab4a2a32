// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { readCatalog } from "./catalog.js";
import { type StoredKernel, storedIds, storedKernel } from "./store.js";

/** A kernel that is known, in the store, or both. */
export interface ListedKernel {
	id: string;
	/** Tested on unless others are named. */
	default: boolean;
	/** Where to get it; absent for somebody's own. */
	suites?: string[];
	/** What is wrong with its record in the store, and what mends it: it cannot be tested on. */
	problem?: string;
	/** The rest only when it is in the store. */
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

/** The catalog's lines in its order, then somebody's own kernels by name. */
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
