// SPDX-License-Identifier: Apache-2.0
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Folder in which bpfgate keeps kernels, templates and downloads: `BPFGATE_CACHE`, else
 * `XDG_CACHE_HOME`/bpfgate, else ~/.cache/bpfgate (XDG Base Directory Specification). It may not
 * exist yet.
 */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
	if (env.BPFGATE_CACHE) return env.BPFGATE_CACHE;
	const base = env.XDG_CACHE_HOME || join(homedir(), ".cache");
	return join(base, "bpfgate");
}
