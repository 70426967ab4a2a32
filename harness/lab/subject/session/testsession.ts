// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { vectorsCheck } from "../../../checks/vectors/vectors-check.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { agentPath } from "../../../machine/guest/build.js";
import type { Result } from "../../../machine/guest/operations.js";
import { findTool } from "../../../machine/guest/tool.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { Machines } from "../../../machine/vm/machine.js";
import type { Check, Finding, Workbench } from "../../check.js";
import { benchOf, contextOf } from "../../testbench.js";

const testdata = fileURLToPath(new URL("testdata/", import.meta.url));
const libbpf = fileURLToPath(new URL("../../../../build/libbpf/", import.meta.url));

/** A package of `testdata/rewriter`, compiled with these macros defined and its vectors changed. */
export async function rewriter(
	defines: readonly string[] = [],
	change: (vectors: string) => string = (vectors) => vectors,
	captures: Readonly<Record<string, Uint8Array>> = {},
): Promise<Package> {
	const vectors = change(await readFile(join(testdata, "rewriter.yaml"), "utf8"));
	return compiled("rewriter", join(testdata, "rewriter.bpf.c"), vectors, defines, captures);
}

/** A package of one object, compiled with these macros, one vector file, and captures. */
export async function compiled(
	name: string,
	source: string,
	vectors: string,
	defines: readonly string[] = [],
	captures: Readonly<Record<string, Uint8Array>> = {},
): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-vectors-"));
	try {
		const object = join(folder, `${name}.bpf.o`);
		const include = ["-isystem", `${libbpf}include`, "-isystem", `${libbpf}uapi`];
		const system = ["-idirafter", `/usr/include/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`];
		const macros = defines.map((macro) => `-D${macro}`);
		await execa(await findTool("clang"), [
			...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror", ...macros, ...include, ...system],
			...["-c", source, "-o", object],
		]);
		await execa(await findTool("llvm-strip"), ["-g", object]);
		await writeFile(join(folder, `${name}.yaml`), vectors);
		for (const [file, bytes] of Object.entries(captures)) await writeFile(join(folder, file), bytes);
		const listed = [`${name}.yaml`, ...Object.keys(captures)];
		const manifest = { name, version: "1", objects: [`${name}.bpf.o`], vectors: listed };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** A clone of a kernel that checks packages one after another. */
export async function testbench(
	kernelId: string,
	adapt: (kernel: Kernel) => Kernel = (kernel) => kernel,
): Promise<
	AsyncDisposable & {
		check(pkg: Package, check?: Check): Promise<Map<string, Finding>>;
		inventory(): Promise<Result<"inventory">>;
		workbench: Workbench;
	}
> {
	const kernel = adapt(await openKernel(kernelId));
	const guest = await new Machines({ agent: agentPath }).clone(kernel);
	// Its programs are honest: they all run in one guest.
	const bench = benchOf(kernel, async () => guest, { spoil: async () => {} });
	return {
		async check(pkg, check = vectorsCheck) {
			const findings = new Map<string, Finding>();
			for await (const finding of check.create(contextOf([pkg])).run(pkg, bench))
				findings.set(finding.case, finding);
			return findings;
		},
		workbench: bench,
		inventory: () => guest.client.call("inventory", { settle: true }),
		[Symbol.asyncDispose]: () => guest.dispose(),
	};
}
