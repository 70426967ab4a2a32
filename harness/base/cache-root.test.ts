// SPDX-License-Identifier: Apache-2.0
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cacheRoot } from "./cache-root.js";

it.each([
	[{ BPFGATE_CACHE: "/a", XDG_CACHE_HOME: "/b" }, "/a"],
	[{ BPFGATE_CACHE: "", XDG_CACHE_HOME: "/b" }, "/b/bpfgate"],
	[{ XDG_CACHE_HOME: "" }, join(homedir(), ".cache/bpfgate")],
])("with %j the cache is %s", (env, folder) => {
	expect(cacheRoot(env)).toBe(folder);
});
