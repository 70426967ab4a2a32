// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { availableParallelism, machine } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { cacheRoot } from "../../base/cache-root.js";
import { InputError, UndecidedError } from "../../base/errors.js";
import { replaceFile, sha256File, withTemporaryFolder } from "../../base/host-files.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { download, findSources } from "../debian/apt.js";
import { findMirrors } from "../debian/mirrors.js";
import { toolFor } from "./architecture.js";
import { findTool, missingTool } from "./tool.js";

/** libbpf from Debian's source package, and the suites that may still have this version. */
const libbpf = {
	version: "1.7.0",
	sha256: "7ab5feffbf78557f626f2e3e3204788528394494715a30fc2070fcddc2051b7b",
	suites: ["sid", "testing", "experimental"],
};

/** Headers for BPF programs and agent, as `<bpf/...>` (as libbpf's Makefile installs them). */
const publicHeaders = [
	"bpf.h",
	"libbpf.h",
	"btf.h",
	"libbpf_common.h",
	"libbpf_legacy.h",
	"bpf_helpers.h",
	"bpf_helper_defs.h",
	"bpf_tracing.h",
	"bpf_endian.h",
	"bpf_core_read.h",
	"skel_internal.h",
	"libbpf_version.h",
	"usdt.bpf.h",
];

const libbpfFlags = ["-O2", "-std=gnu89", "-D_LARGEFILE64_SOURCE", "-D_FILE_OFFSET_BITS=64"];
export const agentFlags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];
/** libbpf's functions that are the agent's (agent/prog_load.c, vmlinux.c, adoption.c). */
export const wrapped = [
	"bpf_prog_load",
	"btf__load_vmlinux_btf",
	"btf__free",
	"bpf_map_get_info_by_fd",
	"bpf_prog_bind_map",
	"btf_load_into_kernel",
];

const root = fileURLToPath(new URL("../../../", import.meta.url));
const agentSources = join(root, "harness/machine/guest/agent");
/** Compiled into libbpf.a. */
const searchTree = join(root, "harness/machine/guest/search-tree.c");

/** Path of the agent for an architecture. */
export function agentPath(arch: string): string {
	return join(root, "build/agent", arch, "agent");
}

/**
 * Builds libbpf and the agent, unless inputs are unchanged; returns its path.
 * @param arch as `uname -m` prints it
 * @param say called with one line for each step
 * @throws InputError for an unknown architecture; UndecidedError `tool-missing`, `build-failed`
 */
export async function buildAgent(arch: string, say: (line: string) => void): Promise<string> {
	const agent = agentPath(arch);
	const inputs = await digestOfInputs(arch);
	const stamp = join(dirname(agent), "inputs");
	const built = await readFile(stamp, "utf8").catch(() => "");
	if (built === `${inputs} ${await sha256File(agent).catch(() => "none")}\n`) {
		say(`agent ${arch}: unchanged`);
		return agent;
	}
	const library = await buildLibbpf(arch, say);
	say(`agent ${arch}: compiling`);
	await replacing(agent, async (fresh) => {
		await run(await findCompiler(arch), [
			...agentFlags,
			"-static-pie",
			"-s",
			...wrapped.map((name) => `-Wl,--wrap=${name}`),
			...["-isystem", join(library, "include"), "-isystem", join(library, "uapi")],
			...(await sourcesIn(agentSources)),
			...["-o", fresh, ...(await linkLibbpf(library, arch)), await findTool("libmsgpackc")],
		]);
	});
	await replaceFile(stamp, `${inputs} ${await sha256File(agent)}\n`);
	say(`agent ${arch}: ${agent}`);
	return agent;
}

/** SHA-256 over everything that the agent is built from. */
async function digestOfInputs(arch: string): Promise<string> {
	const hash = createHash("sha256");
	const compiler = await findCompiler(arch);
	hash.update(await run(compiler, ["-v"]));
	hash.update(JSON.stringify([libbpf.sha256, libbpfFlags, agentFlags, wrapped]));
	for (const library of [(await findTool("libmsgpackc")).slice("-l".length), "elf", "z", "c"]) {
		const path = await findArchive(compiler, library);
		if (path === undefined) {
			throw undecided("tool-missing", {
				what: `${compiler}: lib${library}.a is not installed`,
				tool: `lib${library}`,
				advice: "apt install libmsgpack-dev libelf-dev zlib1g-dev libc6-dev",
			});
		}
		hash.update(await sha256File(path));
	}
	hash.update(await readFile(searchTree));
	for (const file of (await readdir(agentSources)).sort()) {
		if (/\.([ch]|def)$/.test(file)) hash.update(file).update(await readFile(join(agentSources, file)));
	}
	return hash.digest("hex");
}

/** The C compiler for guests. @throws InputError: unknown; UndecidedError `tool-missing` */
export async function findCompiler(arch: string): Promise<string> {
	return arch === machine() ? findTool("gcc") : toolFor(arch, "gcc");
}

/** Path of the static library that a compiler links with `-l<name>`. */
export async function findArchive(compiler: string, name: string): Promise<string | undefined> {
	const path = (await run(compiler, [`-print-file-name=lib${name}.a`])).trim();
	return path.includes("/") ? path : undefined;
}

/**
 * Arguments that link libbpf and what it needs into a static program. libelf may be built with
 * zstd, and needs search-tree.c of libbpf.a.
 * @param folder as `buildLibbpf` returns it
 */
export async function linkLibbpf(folder: string, arch: string): Promise<string[]> {
	const zstd = await findArchive(await findCompiler(arch), "zstd");
	const needed = ["-lelf", "-lz", ...(zstd ? ["-lzstd"] : [])];
	return ["-Wl,--start-group", join(folder, arch, "libbpf.a"), ...needed, "-Wl,--end-group"];
}

/** Folder with `include/bpf`, `uapi/linux` and, for this architecture, `<arch>/libbpf.a`. */
export async function buildLibbpf(arch: string, say: (line: string) => void): Promise<string> {
	const folder = join(root, "build/libbpf");
	const compiler = await findCompiler(arch);
	const version = await run(compiler, ["-dumpfullversion"]);
	const inputs = `${libbpf.sha256} ${await sha256File(searchTree)} ${libbpfFlags.join(" ")} ${version}`;
	const stamp = join(folder, arch, "inputs");
	if ((await readFile(stamp, "utf8").catch(() => "")) === inputs) return folder;
	const tarball = await fetchLibbpf(say);
	say(`libbpf ${libbpf.version} ${arch}: compiling`);
	await withTemporaryFolder(
		async (work) => {
			await mkdir(join(work, "objects"));
			await run("tar", ["-xzf", tarball, "-C", work, "--strip-components=1"]);
			const sources = [...(await sourcesIn(join(work, "src"))), searchTree];
			const objects = sources.map((source) => join(work, "objects", `${basename(source, ".c")}.o`));
			await each(sources, async (source, index) => {
				const includes = ["src", "include", "include/uapi"].map((path) => `-I${join(work, path)}`);
				await run(compiler, [...libbpfFlags, ...includes, "-c", source, "-o", objects[index]!]);
			});
			const archive = join(work, "libbpf.a");
			await run(toolFor(arch, "ar"), ["rcsD", archive, ...objects]);
			await install(work, folder);
			await mkdir(join(folder, arch), { recursive: true });
			await rename(archive, join(folder, arch, "libbpf.a"));
		},
		join(root, "build"),
	);
	await replaceFile(stamp, inputs);
	return folder;
}

/** Replaces each header atomically: programs may be compiled against it meanwhile. */
async function install(work: string, folder: string): Promise<void> {
	const headers = [
		...publicHeaders.map((name) => ({
			from: join(work, "src", name),
			to: join(folder, "include/bpf", name),
		})),
		...(await readdir(join(work, "include/uapi/linux"))).map((name) => ({
			from: join(work, "include/uapi/linux", name),
			to: join(folder, "uapi/linux", name),
		})),
	];
	for (const { from, to } of headers) {
		await mkdir(dirname(to), { recursive: true });
		await cp(from, `${to}.${process.pid}`);
		await rename(`${to}.${process.pid}`, to);
	}
}

/** The source tarball with the pinned digest, from the cache or the mirror. */
async function fetchLibbpf(say: (line: string) => void): Promise<string> {
	const folder = join(cacheRoot(), "debian", "sources");
	const kept = join(folder, `libbpf_${libbpf.version}.orig.tar.gz`);
	if ((await sha256File(kept).catch(() => "")) === libbpf.sha256) return kept;
	const apt = { mirrors: await findMirrors() };
	for (const suite of libbpf.suites) {
		say(`libbpf ${libbpf.version}: searching ${suite}`);
		const sources = await findSources(apt, { name: suite, arch: "source" }, "libbpf");
		const file = sources.flatMap((source) => source.files).find(({ sha256 }) => sha256 === libbpf.sha256);
		if (file) return download(file, folder);
	}
	throw undecided("source-not-in-archive", {
		source: `libbpf ${libbpf.version}`,
		suites: libbpf.suites.join(", "),
		mirror: apt.mirrors.archive,
		file: `libbpf_${libbpf.version}.orig.tar.gz`,
		sha256: libbpf.sha256,
		folder,
	});
}

async function sourcesIn(folder: string): Promise<string[]> {
	const files = (await readdir(folder)).filter((file) => file.endsWith(".c")).sort();
	return files.map((file) => join(folder, file));
}

/** Runs `work` for every item, as many in parallel as there are processors. */
async function each<T>(items: T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
	const queue = items.entries();
	const worker = async () => {
		for (const [index, item] of queue) await work(item, index);
	};
	await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** Runs a tool; returns its output. @throws UndecidedError `tool-missing`, `build-failed` */
export async function run(tool: string, args: string[]): Promise<string> {
	// No date of today in what mke2fs writes.
	const env = { LC_ALL: "C", SOURCE_DATE_EPOCH: "1", E2FSPROGS_FAKE_TIME: "1" };
	const result = await execa(tool, args, { reject: false, all: true, stdin: "ignore", env });
	if (result.code === "ENOENT") {
		throw await missingTool(tool);
	}
	if (result.failed) {
		const first = result.all.split("\n").find((line) => /error/i.test(line)) ?? result.shortMessage;
		throw undecided("build-failed", { tool, why: `${first}` });
	}
	return result.all;
}

/** Has `build` write a file beside `path`, which then replaces it. */
export async function replacing(path: string, build: (fresh: string) => Promise<void>): Promise<void> {
	await mkdir(dirname(path), { recursive: true });
	const fresh = `${path}.${process.pid}`;
	try {
		await build(fresh);
		await rename(fresh, path);
	} finally {
		await rm(fresh, { force: true });
	}
}

/** Builds when `module` is the program itself, for the architecture of its argument or this one. */
export async function runAsProgram(
	module: string,
	build: (arch: string, say: (line: string) => void) => Promise<unknown>,
): Promise<void> {
	if (process.argv[1] !== fileURLToPath(module)) return;
	try {
		await build(process.argv[2] ?? machine(), (line) => console.log(line));
	} catch (error) {
		if (!(error instanceof UndecidedError || error instanceof InputError)) throw error;
		console.error(error instanceof UndecidedError ? `${error.message}\n${error.hint}` : error.message);
		process.exitCode = error instanceof UndecidedError ? 3 : 2;
	}
}

await runAsProgram(import.meta.url, buildAgent);
