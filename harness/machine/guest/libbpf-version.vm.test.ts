// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { machine } from "node:os";
import { expect, it } from "vitest";
import { reasons } from "../../data/reasons/registry/registry.js";
import { libbpfVersion } from "../../data/reasons/rules/libbpf.js";
import { agentPath } from "./build.js";

/** What `libbpf_version_string` of the linked library returns. */
async function linkedVersions(): Promise<string[]> {
	const agent = (await readFile(agentPath(machine()))).toString("latin1");
	return [...new Set([...agent.matchAll(/(?<=\0)v(\d+\.\d+)(?=\0)/g)].map(([, version = ""]) => version))];
}

it("reasons name the libbpf that is linked into the agent", async () => {
	expect(await linkedVersions()).toEqual([libbpfVersion]);
	const words = Object.values(reasons).flatMap((each) => Object.values(each).map(String));
	const named = words.flatMap((text) =>
		[...text.matchAll(/\blibbpf (\d+\.\d+)/g)].map(([, version]) => version),
	);
	// 1.0 is named for what it removed.
	expect(new Set(named.filter((version) => version !== "1.0"))).toEqual(new Set([libbpfVersion]));
});
