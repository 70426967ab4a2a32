// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { cacheRoot } from "../base/cache-root.js";
import { UndecidedError } from "../base/errors.js";
import { replaceFile, withTemporaryFolder } from "../base/host-files.js";
import { undecided } from "../data/reasons/registry/registry.js";
import { bpftoolOf } from "../data/signing/bpftool/testbpftool.js";
import type { Lab } from "../lab/lab.js";
import { download, findPackages } from "../machine/debian/apt.js";
import { unpackDeb } from "../machine/debian/deb.js";
import { findMirrors } from "../machine/debian/mirrors.js";
import { readFile as readGuestFile } from "../machine/features/files.js";
import { findTool } from "../machine/guest/tool.js";
import { readCatalog } from "../machine/kernel/catalog.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { buildTestModule, moduleFolders, testModule } from "./selftest-module.js";

const libbpf = fileURLToPath(new URL("../../build/libbpf/", import.meta.url));
/** What of the kernel's source the selftests need. */
const selftests = "tools/testing/selftests/bpf";
const parts = [selftests, "tools/include", "tools/lib/bpf"];

/** The annotated objects of the kernel's BPF selftests, compiled outside of the kernel's tree. */
export interface SelftestObjects {
	folder: string;
	/** Names in `folder`: `verifier_and.bpf.o`. */
	objects: string[];
	/** Sources that clang did not take, with its first error. */
	uncompiled: Record<string, string>;
	/** Identifiers in the sources of bpf_testmod. */
	moduleNames: ReadonlySet<string>;
	/** bpf_testmod for the very kernel, or why it could not be built. */
	module: { file: string } | { lack: string };
}

/**
 * Fetches Debian's `linux-source-<line>` of this very kernel, and compiles the programs of
 * `tools/testing/selftests/bpf/progs` that say what is expected of them. Source and objects are
 * kept in the cache.
 * @throws UndecidedError `kernel-not-in-archive`, `mirror-unreachable`, `download-failed`
 */
export async function selftestObjects(lab: Lab, kernel: Kernel): Promise<SelftestObjects> {
	const root = join(cacheRoot(), "selftests", kernel.release);
	const source = join(root, "source");
	if (!(await exists(source))) await fetchSource(kernel, source);
	const vmlinux = join(root, "vmlinux.h");
	if (!(await exists(vmlinux))) await writeHeader(lab, kernel, vmlinux);
	const uncompiled: Record<string, string> = {};
	const objects: string[] = [];
	const folder = join(root, "objects");
	await mkdir(folder, { recursive: true });
	for (const name of await annotated(source)) {
		const object = name.replace(/\.c$/, ".bpf.o");
		const error = await compile(source, root, name, join(folder, object));
		if (error === undefined) objects.push(object);
		else uncompiled[name] = error;
	}
	const module = await moduleOf(kernel, source, join(root, `${testModule}.ko`));
	return { folder, objects, uncompiled, moduleNames: await moduleNames(source), module };
}

async function moduleOf(kernel: Kernel, source: string, file: string): Promise<SelftestObjects["module"]> {
	if (await exists(file)) return { file };
	try {
		await buildTestModule(kernel, join(source, selftests), file);
		return { file };
	} catch (error) {
		// Without headers of the kernel, the programs that need the module are not compared.
		if (!(error instanceof UndecidedError)) throw error;
		return { lack: error.message };
	}
}

async function fetchSource(kernel: Kernel, target: string): Promise<void> {
	const [, version] = kernel.source.split(" ");
	const name = `linux-source-${kernel.id}`;
	const line = (await readCatalog()).lines.find(({ id }) => id === kernel.id);
	const apt = { mirrors: await findMirrors() };
	for (const suite of line?.suites ?? []) {
		const found = await findPackages(apt, { name: suite, arch: "amd64" }, (each) => each === name);
		const match = found.find((each) => each.version === version);
		if (!match) continue;
		await mkdir(join(target, ".."), { recursive: true });
		await withTemporaryFolder(
			async (temporary) => {
				await unpackDeb(await download(match, temporary), temporary);
				const source = join(temporary, "source");
				await mkdir(source);
				const wanted = parts.map((part) => `${name}/${part}`);
				const archive = join(temporary, "usr/src", `${name}.tar.xz`);
				await execa("tar", ["-xJf", archive, "-C", source, "--strip-components=1", ...wanted]);
				await rename(source, target);
			},
			join(target, ".."),
		);
		return;
	}
	throw undecided("kernel-not-in-archive", { what: `${apt.mirrors.archive} has no ${name} ${version}` });
}

/** `vmlinux.h` from the BTF of the kernel itself. */
async function writeHeader(lab: Lab, kernel: Kernel, path: string): Promise<void> {
	const btf = await lab.withBench(kernel, async (bench) => {
		const { client } = await bench.guest();
		return readGuestFile(client, "/sys/kernel/btf/vmlinux");
	});
	await writeFile(`${path}.btf`, btf ?? "");
	const bpftool = await bpftoolOf("trixie-backports");
	await replaceFile(path, await bpftool.run(["btf", "dump", "file", `${path}.btf`, "format", "c"]));
}

/** Sources with programs that are annotated for the privileged mode. */
async function annotated(source: string): Promise<string[]> {
	const folder = join(source, selftests, "progs");
	const names: string[] = [];
	for (const name of (await readdir(folder)).sort()) {
		if (!name.endsWith(".c")) continue;
		const text = await readFile(join(folder, name), "utf8");
		if (/\b__(?:success|failure|retval|msg)\b/.test(text)) names.push(name);
	}
	return names;
}

async function moduleNames(source: string): Promise<Set<string>> {
	const names = new Set<string>();
	for (const part of moduleFolders) {
		const folder = join(source, selftests, part);
		for (const file of await readdir(folder).catch(() => [])) {
			if (!/\.[ch]$/.test(file)) continue;
			for (const [name] of (await readFile(join(folder, file), "utf8")).matchAll(/\w+/g)) names.add(name);
		}
	}
	return names;
}

async function compile(
	source: string,
	root: string,
	name: string,
	object: string,
): Promise<string | undefined> {
	if (await exists(object)) return undefined;
	const folder = join(source, selftests);
	const include = [
		...[root, folder, join(source, "tools/lib"), join(libbpf, "include"), join(libbpf, "include/bpf")],
		...["tools/include/uapi", "tools/include"].map((part) => join(source, part)),
		...[join(folder, "progs"), join(folder, "libarena/include")],
	].map((each) => `-I${each}`);
	const result = await execa(
		await findTool("clang"),
		[
			...["--target=bpfel", "-g", "-O2", "-mcpu=v3", "-std=gnu11", "-fms-extensions", "-fno-strict-aliasing"],
			...["-D__TARGET_ARCH_x86", "-DENABLE_ATOMICS_TESTS", "-Wno-everything", ...include],
			...["-idirafter", "/usr/include/x86_64-linux-gnu", "-c", join(folder, "progs", name)],
			...["-o", `${object}.new`],
		],
		{ reject: false },
	);
	if (!result.failed) {
		await rename(`${object}.new`, object);
		return undefined;
	}
	await rm(`${object}.new`, { force: true });
	return /error: .*/.exec(result.stderr)?.[0] ?? result.shortMessage;
}

async function exists(path: string): Promise<boolean> {
	return (await stat(path).catch(() => undefined)) !== undefined;
}
