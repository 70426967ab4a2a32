// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Path of watch-hooks for an architecture, as `uname -m` prints it. */
export function watcherPath(arch: string): string {
	return join(root, "build/watcher", arch, "watch-hooks");
}
