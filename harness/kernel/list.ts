// SPDX-License-Identifier: Apache-2.0
import { readCatalog } from "./catalog.js";
import { storedKernels } from "./store.js";

/** A kernel that is known, in the store, or both. */
export interface ListedKernel {
	id: string;
	/** Tested on unless others are named. */
	default: boolean;
	/** Where to get it; absent for somebody's own. */
	suites?: string[];
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
	const records = new Map((await storedKernels()).map((record) => [record.id, record]));
	const describe = (id: string, suites?: string[]): ListedKernel => {
		const record = records.get(id);
		return {
			id,
			default: catalog.default.includes(id),
			...(suites ? { suites } : {}),
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
	const ids = new Set(known.map((each) => each.id));
	const own = [...records.keys()].filter((id) => !ids.has(id)).sort();
	return [...known, ...own.map((id) => describe(id))];
}
