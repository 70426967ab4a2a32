// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chainsQuestion } from "../../qualify/chains/chains-question.js";
import { tailCallPromiseNames } from "../../qualify/chains/tail-call-promises.js";

/** Tests and subtests of the kernel's prog_tests/, file by file in their order, of Linux 7.3. */
const upstream = {
	tc_opts:
		"basic before after revision chain_classic replace invalid prepend append dev_cleanup mixed demixed detach detach_before detach_after delete_empty chain_mixed max query query_attach",
	tc_links:
		"basic before after revision chain_classic replace invalid prepend append dev_cleanup chain_mixed ingress dev_chain0 dev_mixed",
	tc_netkit: "basic multi_links multi_opts device neigh_links pkt_type scrub",
	xdp: "serial_test_xdp_link xdp_attach xdp_attach_dynptr xdp_attach_failed",
	cgroup:
		"test_cgroup_mprog_ordering prog_attach_detach link_attach_detach preorder_prog_attach_detach preorder_link_attach_detach invalid_attach_detach test_cgroup_preorder",
	tailcalls: `
		tailcall_1 tailcall_2 tailcall_3 tailcall_4 tailcall_5 tailcall_6
		tailcall_bpf2bpf_1 tailcall_bpf2bpf_2 tailcall_bpf2bpf_3 tailcall_bpf2bpf_4 tailcall_bpf2bpf_5 tailcall_bpf2bpf_6
		tailcall_bpf2bpf_fentry tailcall_bpf2bpf_fexit tailcall_bpf2bpf_fentry_fexit tailcall_bpf2bpf_fentry_entry tailcall_poke
		tailcall_bpf2bpf_hierarchy_1 tailcall_bpf2bpf_hierarchy_fentry tailcall_bpf2bpf_hierarchy_fexit
		tailcall_bpf2bpf_hierarchy_fentry_fexit tailcall_bpf2bpf_hierarchy_fentry_entry
		test_tailcall_bpf2bpf_hierarchy_2 test_tailcall_bpf2bpf_hierarchy_3 tailcall_freplace tailcall_bpf2bpf_freplace
		tailcall_failure tailcall_sleepable tailcall_cgrp_storage tailcall_cgrp_storage_diff_storage
		tailcall_cgrp_storage_no_storage tailcall_cgrp_storage_no_storage_leaf tailcall_cgrp_storage_no_storage_bridge
		test_tailcall_callback tailcall_bpf2bpf_fexit_links`,
};
const prefixes: Record<string, string> = {
	tc_opts: "test_ns_tc_opts_",
	tc_links: "test_ns_tc_links_",
	tc_netkit: "serial_test_tc_netkit_",
};

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const read = (path: string) => readFileSync(here(path), "utf8");

/** Cells of the rows of all tables, without heads. */
const rows = read("../../../docs/kernel-selftests-chains.md")
	.split("\n")
	.filter((line) => line.startsWith("| ") && !/^\| (test|what|---) /.test(line))
	.map((line) => line.slice(2, -2).split(" | "));

/** As the check names them: `<chain>/insert/<member>`. */
const cases = new Set(
	["chain.ts", ...readdirSync(here("cases")).map((file) => `cases/${file}`)]
		.filter((file) => !file.endsWith(".test.ts"))
		.flatMap((file) => [
			...read(file).matchAll(
				/(?:name\}\/|oneCase\((?:subject\.)?chain, ["`])([\w-]+)(\/\$\{label\(entry\)\})?["`]/g,
			),
		])
		.map(([, name, member]) => `<chain>/${name}${member ? "/<member>" : ""}`),
);
const promises = new Set(
	[...tailCallPromiseNames(true), ...chainsQuestion.names()].map((name) => name.replace(/^tail_call\//, "")),
);
/** Titles of tests by file. */
const titles = new Map(
	["", "mechanisms/"].flatMap((folder) =>
		readdirSync(here(folder === "" ? "." : folder))
			.filter((file) => file.endsWith(".vm.test.ts"))
			.map((file) => [
				file,
				[...read(`${folder}${file}`).matchAll(/\bit(?:\.each\([^)]*\))?\(\s*"((?:[^"\\]|\\.)*)"/g)].map(
					([, title = ""]) => title,
				),
			]),
	),
);

test("what the document may name is there", () => {
	expect(cases.size).toBeGreaterThanOrEqual(13);
	expect(promises.size).toBeGreaterThanOrEqual(15);
	expect(titles.get("hook-list.vm.test.ts")).toContain("takes programs first and last");
});

test("each test of the kernel has its row, in the kernel's order", () => {
	const names = rows.flatMap(([first = ""]) => /^`(\w+)`$/.exec(first)?.[1] ?? []);
	const wanted = Object.entries(upstream).flatMap(([file, list]) =>
		list
			.trim()
			.split(/\s+/)
			.map((name) => `${prefixes[file] ?? ""}${name}`),
	);
	expect(names).toEqual(wanted);
	expect(wanted.filter((name) => name.includes("tc_opts"))).toHaveLength(20);
	expect(wanted.filter((name) => name.includes("tc_links"))).toHaveLength(14);
});

test.each(rows.map((cells) => [cells[0] ?? "", cells.at(-1) ?? ""]))(
	"%s: its cases, promises and tests are there, or it says why there is none",
	(_, answer) => {
		if (answer.startsWith("no case: ")) return expect(answer).toMatch(/^no case: .{30}/);
		let file: string | undefined;
		let named = 0;
		for (const [, code, title] of answer.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
			named++;
			if (title !== undefined) {
				expect(titles.get(file ?? "") ?? [], `a test of ${file}`).toContain(title);
				continue;
			}
			file = code?.endsWith(".vm.test.ts") ? code : undefined;
			if (file === undefined) expect([...cases, ...promises]).toContain(code);
			else expect([...titles.keys()]).toContain(file);
		}
		return expect(named).toBeGreaterThan(0);
	},
);
