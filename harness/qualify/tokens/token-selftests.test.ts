// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { singularKinds } from "../../checks/token/model/delegation.js";
import { tokenCheck } from "../../checks/token/token-check.js";
import { openPackage } from "../../data/package/package.js";
import { type TokenSettings, tokenKinds } from "../../data/package/sections/token.js";
import { sampleFiles, sampleManifest, temporaryFolder } from "../../data/package/testpackage.js";
import { contextOf } from "../../lab/testbench.js";
import { tokensQuestion } from "./tokens-question.js";

/** Subtests of the kernel's prog_tests/token.c, in their order, of Linux 7.3. */
const upstream = [
	"map_token",
	"btf_token",
	"prog_token",
	"obj_priv_map",
	"obj_priv_prog",
	"obj_priv_freplace_prog",
	"obj_priv_freplace_prog_fail",
	"obj_priv_btf_fail",
	"obj_priv_btf_success",
	"obj_priv_implicit_token",
	"obj_priv_implicit_token_envvar",
	"bpf_token_info",
	"obj_priv_prog_kallsyms",
];

const document = readFileSync(
	fileURLToPath(new URL("../../../docs/kernel-selftests.md", import.meta.url)),
	"utf8",
);
const rows = document
	.slice(document.indexOf("\n## token.c"))
	.split("\n")
	.filter((line) => line.startsWith("| ") && !/^\| (subtest|not tested|---) /.test(line))
	.map((line) => line.slice(2, -2).split(" | "));

async function casesOf(token: TokenSettings): Promise<string[]> {
	await using folder = await temporaryFolder(sampleFiles({ ...sampleManifest, token }));
	return tokenCheck.create(contextOf([])).cases(await openPackage(folder.path));
}

/** Cases of two packages, and the kernel's promises. */
const cases = new Set([
	...tokensQuestion.names(),
	...(await casesOf({})),
	...(await casesOf({
		commands: ["map_create", "prog_load", "btf_load", "btf_get_fd_by_id"],
		maps: ["hash"],
		programs: ["socket_filter"],
		attachments: ["cgroup_inet_ingress"],
		capabilities: ["cap_bpf"],
	})),
]);
const templates = tokenKinds.map((kind) => `without-${singularKinds[kind]}/<name>`);

test("each subtest of the kernel has a row, in the kernel's order", () => {
	const names = rows.flatMap(([first = ""]) => /^`(\w+)`$/.exec(first)?.[1] ?? []);
	expect(names).toEqual(upstream);
});

test.each(rows.map((cells) => [cells[0] ?? "", cells.at(-1) ?? ""]))(
	"%s: its cases exist, or it says why there is none",
	(_, answer) => {
		const named = [...answer.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
		const known = (name: string) => cases.has(name) || [...templates, "without-<kind>/<name>"].includes(name);
		expect(named.filter((name) => !known(name))).toEqual([]);
		if (named.length === 0) expect(answer).toMatch(/^no case: .{30}/);
	},
);
