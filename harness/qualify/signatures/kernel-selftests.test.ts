// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { installCases } from "../../checks/signature/install-cases.js";
import { loaderAttacks } from "../../checks/signature/loader-attacks.js";
import { gatekeepersQuestion } from "../gatekeepers/gatekeepers-question.js";
import { signaturesQuestion } from "./signatures-question.js";

/**
 * Subtests of the kernel's prog_tests/signed_loader.c and verify_pkcs7_sig.c, in their order, of
 * Linux 7.3.
 */
const upstream = [
	"loadtime_no_map",
	"loadtime_with_map",
	"metadata_match",
	"signature_enforced",
	"signed_nonexcl_fd_array_rejected",
	"signed_unfrozen_fd_array_rejected",
	"signed_nonarray_fd_array_rejected",
	"signed_btf_fd_array_rejected",
	"signed_module_kfunc_rejected",
	"signature_failure_logs",
	"signature_too_large",
	"signature_zero_size",
	"signature_bad_keyring",
	"metadata_ctx_max_entries_ignored",
	"metadata_ctx_initial_value_ignored",
	"signature_authenticates_insns",
	"signature_authenticates_metadata",
	"hash_requires_frozen",
	"no_update_after_freeze",
	"freeze_writable_mmap",
	"no_writable_mmap_frozen",
	"map_hash_matches_libbpf",
	"map_hash_multi_element",
	"map_hash_bad_size",
	"map_hash_unsupported_type",
	"lsm_signature_verdict",
	"signed_no_fd_array",
	"signed_map_by_fd_rejected",
	"signed_sparse_fd_array_rejected",
	"pkcs7_sig_from_map",
	"pkcs7_sig_fsverity",
];

const document = readFileSync(
	fileURLToPath(new URL("../../../docs/kernel-selftests.md", import.meta.url)),
	"utf8",
);
/** Cells of the rows of the tables about signatures, without heads. */
const rows = document
	.slice(document.indexOf("\n## signed_loader.c"), document.indexOf("\n## token.c"))
	.split("\n")
	.filter((line) => line.startsWith("| ") && !/^\| (subtest|what|---) /.test(line))
	.map((line) => line.slice(2, -2).split(" | "));
const cases = new Set([
	...signaturesQuestion.names().map((name) => `signatures/${name}`),
	...["unsigned", ...installCases, ...loaderAttacks.map(({ name }) => name)].map(
		(name) => `<object>/${name}`,
	),
	...gatekeepersQuestion.names().map((name) => `gatekeepers/${name}`),
]);

test("each subtest of the kernel has its row, in the kernel's order", () => {
	const names = rows.flatMap(([first = ""]) => /^`(\w+)`$/.exec(first)?.[1] ?? []);
	expect(names).toEqual(upstream);
});

test.each(rows.map((cells) => [cells[0] ?? "", cells.at(-1) ?? ""]))(
	"%s: names existing cases or promises, or says why there are none",
	(_, answer) => {
		const named = [...answer.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
		expect(named.filter((name) => !cases.has(name))).toEqual([]);
		if (named.length === 0) expect(answer).toMatch(/^no case: .{30}/);
	},
);
