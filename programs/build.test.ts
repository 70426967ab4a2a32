// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("build", import.meta.url));

/** Nothing is compiled: where libbpf should be there is nothing. */
function build(env: Record<string, string> = {}) {
	const result = execaSync(script, { env: { LIBBPF: "/no/libbpf", ...env }, reject: false });
	return { status: result.exitCode, said: result.stderr };
}

it("asks ci/tool for its tools, and passes on which one is missing", () => {
	expect(build({ CLANG: "/no/clang" })).toEqual({
		status: 3,
		said: "clang is missing: not on PATH: apt install clang-19, or dnf install clang",
	});
	expect(build({ LLVM_STRIP: "/no/strip" })).toEqual({
		status: 3,
		said: "llvm-strip is missing: not on PATH: apt install llvm-19, or dnf install llvm",
	});
	expect(build().said).toContain("/no/libbpf/include has no bpf/bpf_helpers.h");
});
