// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const system = process.env.PATH ?? "";
let folder: string;
let env: Record<string, string>;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-tool-"));
	env = { PATH: `${folder}/first:${folder}/bin:${system}` };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a shell script on PATH. `${out}` in it is the file after -o. */
function install(name: string, body: string, place = "bin"): string {
	const path = join(folder, place, name);
	mkdirSync(join(folder, place), { recursive: true });
	const output = 'for each; do if [ "$last" = -o ]; then out=$each; fi; last=$each; done';
	writeFileSync(path, `#!/bin/sh\n${output}\n${body}\n`);
	chmodSync(path, 0o755);
	return path;
}

const compiles = 'echo ".BTF .debug_info $0" >"$out"';
const refuses = "echo \"error: unknown target CPU 'v3'\" >&2; exit 1";
const strips = 'sed -i s/.debug_info// "$last"';
const stripsTypes = 'echo >"$last"';

const lines = {
	clang: "examples | command:bg-clang-19,bg-clang-*,clang | clang-19 | clang | compiles",
	strip: "examples | command:bg-strip,llvm-strip | llvm-19 | llvm | strips",
	gcc: "agent | command:bg-gcc,gcc | gcc | gcc | compiles",
	c: "agent | links:stdio.h,c | libc6-dev | glibc-devel glibc-static | links",
};

function run(name: string, args: string[], requirements: string[] = Object.values(lines)) {
	const file = join(folder, "requirements.txt");
	writeFileSync(file, `# head\n\n${requirements.join("\n")}\n`);
	const result = execaSync(script(name), [...args, file], { env, extendEnv: false, reject: false });
	return { status: result.exitCode, printed: result.stdout, said: result.stderr };
}
const tool = (name: string, requirements?: string[]) => run("tool", [name], requirements);
const missing = (manager: string, requirements?: string[]) => run("missing", [manager], requirements).printed;

describe("ci/tool takes", () => {
	it("the first of its names that can do the work, wherever on PATH it is", () => {
		env.PATH = `${folder}/first:${folder}/bin:/usr/bin:/bin`;
		install("clang", refuses, "first");
		const behind = install("clang", compiles);
		expect(tool("clang").printed).toBe(behind);
		install("bg-clang-9", refuses);
		const eighteen = install("bg-clang-18", compiles);
		install("bg-clang-9", compiles);
		install("bg-clang-20", refuses);
		expect(tool("clang").printed).toBe(eighteen);
		const tested = install("bg-clang-19", compiles);
		expect(tool("clang").printed).toBe(tested);
	});

	it("a strip that leaves the types of what this compiler makes", () => {
		install("bg-clang-19", compiles);
		env.PATH = `${folder}/first:${folder}/bin:/bin`;
		install("bg-strip", stripsTypes, "first");
		const good = install("bg-strip", strips);
		expect(tool("llvm-strip").printed).toBe(good);
	});

	it("only what the environment names, when it names one, and tries that too", () => {
		install("bg-clang-19", compiles);
		env.CLANG = install("mine", compiles);
		expect(tool("clang").printed).toBe(env.CLANG);
		env.CLANG = install("mine", refuses);
		expect(tool("clang")).toMatchObject({
			status: 1,
			said: `clang is missing: ${env.CLANG} cannot compile BPF programs with their types: apt install clang-19, or dnf install clang`,
		});
	});

	it("the library that a static program can be linked with", () => {
		expect(tool("libnone", ["agent | links:stdio.h,none,c | a | d | w", lines.gcc]).printed).toBe("-lc");
		expect(tool("libc", ["agent | links:no/such.h,c | a | d | w", lines.gcc]).said).toBe(
			"libc is missing: no header no/such.h: apt install a, or dnf install d",
		);
	});

	it("no compiler without the C library to link with", () => {
		install("bg-gcc", 'case "$*" in *-static*) exit 1 ;; *) exec /usr/bin/gcc "$@" ;; esac');
		expect(tool("gcc").status).toBe(0);
		expect(tool("libc").said).toBe(
			"libc is missing: no static library libc: apt install libc6-dev, or dnf install glibc-devel glibc-static",
		);
		expect(missing("apt", [lines.gcc, lines.c])).toBe("libc6-dev");
	});
});

describe("ci/missing", () => {
	it("names the packages of either package manager, each once", () => {
		const requirements = [
			"run | file:/no/such/* | a b | c | why",
			"run | command:bg-none | b | c d | why",
			"run | command:sh | e | e | why",
			"run | file:/usr/b* | e | e | why",
		];
		expect(missing("apt", requirements)).toBe("a b");
		expect(missing("dnf", requirements)).toBe("c d");
	});

	it("names only the tool that cannot do its part", () => {
		env.CLANG = install("old", refuses);
		env.LLVM_STRIP = install("strip", stripsTypes);
		expect(missing("apt", [lines.clang, lines.strip])).toBe("clang-19");
		env.CLANG = install("new", compiles);
		expect(missing("apt", [lines.clang, lines.strip])).toBe("llvm-19");
		env.LLVM_STRIP = install("strip", strips);
		expect(missing("apt", [lines.clang, lines.strip])).toBe("");
	});
});
