// SPDX-License-Identifier: Apache-2.0
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { compile } from "../cli/terminal/testsession.js";
import { temporaryFolder } from "../data/package/testpackage.js";
import { findTool } from "../machine/guest/tool.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const kernel = "6.12";

/** Programs that are annotated as the kernel's are (progs/bpf_misc.h). */
const programs = (returned: number) => `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define says(text) __attribute__((btf_decl_tag("comment:" text)))
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, int); __type(value, long); } map SEC(".maps");
SEC("?socket") says("0:test_expect_success") says("1:test_retval=${returned}")
int returns_two(void *ctx) { return 2; }
SEC("?socket") says("0:test_expect_failure") says("1:test_expect_msg=invalid mem access 'map_value_or_null'")
int reads_null(void *ctx) { int key = 0; long *value = bpf_map_lookup_elem(&map, &key); return *value; }
`;
const reads = (expected: "success" | "failure") => `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("?socket") __attribute__((btf_decl_tag("comment:0:test_expect_${expected}")))
int returns_zero(void *ctx) { return 0; }
`;

beforeAll(() => compile());

/** `npm run selftests` over objects of these sources. */
async function compared(...sources: string[]) {
	await using folder = await temporaryFolder();
	const { path } = folder;
	const include = ["include", "uapi"].flatMap((part) => ["-isystem", join(root, "build/libbpf", part)]);
	for (const [index, input] of sources.entries())
		await execa(
			await findTool("clang"),
			[
				...["-target", "bpf", "-O2", "-g", ...include, "-idirafter", "/usr/include/x86_64-linux-gnu"],
				...["-x", "c", "-c", "-", "-o", join(path, `set${index}.bpf.o`)],
			],
			{ input },
		);
	await writeFile(join(path, "explained.json"), "{}");
	const { exitCode, stdout } = await execa(
		process.execPath,
		[
			...["dist/bench/selftests.js", kernel, "--objects", path, "--results", path],
			...["--explained", join(path, "explained.json")],
		],
		{ cwd: root, reject: false },
	);
	return { exitCode, stdout };
}

it("ends with 0 where verdicts and return values are as annotated", async () => {
	const { exitCode, stdout } = await compared(programs(2), reads("success"));
	expect(stdout).toContain("compared: 3 verdicts and 1 return values");
	expect(stdout).toContain("agree: 4 (100.0 %), explained: 0, unexplained: 0");
	expect(exitCode).toBe(0);
});

it("ends with 1 where a verdict or a return value is another", async () => {
	const { exitCode, stdout } = await compared(programs(3), reads("failure"));
	expect(stdout).toContain("set1/returns_zero: expected fail, found pass: NOT EXPLAINED");
	expect(stdout).toContain("set0/returns_two: expected to return 3");
	expect(exitCode).toBe(1);
});
