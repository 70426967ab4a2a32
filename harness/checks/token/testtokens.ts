// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openPackage, type Package } from "../../data/package/package.js";
import type { TokenSettings } from "../../data/package/sections/token.js";
import { findTool } from "../../machine/guest/tool.js";

const source = join(import.meta.dirname, "testdata/small.bpf.c");
const libbpf = join(import.meta.dirname, "../../../build/libbpf");

/** Programs of `testdata/small.bpf.c`. */
export type SmallProgram =
	| "OBSERVER"
	| "HURTING"
	| "FILTER"
	| "EVENTS"
	| "BYTES"
	| "WRITER"
	| "TARGET"
	| "REPLACEMENT";

/** A package of one of them that declares this token. @param vectors a vector file */
export function smallPackage(program: SmallProgram, token: TokenSettings, vectors = ""): Promise<Package> {
	const listed = vectors === "" ? {} : { vectors: ["vectors.yaml"] };
	return packageOf([program], { objects: [`${program}.bpf.o`], token, ...listed }, vectors);
}

/** A package in which a function of one program is replaced by another (freplace). */
export function replacingPackage(token: TokenSettings): Promise<Package> {
	const target = { object: "TARGET.bpf.o", program: "entry", function: "verdict" };
	const replacement = { file: "REPLACEMENT.bpf.o", programs: { replacement: { target } } };
	return packageOf(["TARGET", "REPLACEMENT"], { objects: ["TARGET.bpf.o", replacement], token });
}

async function packageOf(
	programs: readonly SmallProgram[],
	manifest: object,
	vectors = "",
): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-token-"));
	try {
		for (const program of programs)
			await writeFile(join(folder, `${program}.bpf.o`), await objectOf(program));
		await writeFile(join(folder, "vectors.yaml"), vectors);
		await writeFile(
			join(folder, "bpfgate.json"),
			JSON.stringify({ name: "small", version: "1", ...manifest }),
		);
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

const objects = new Map<SmallProgram, Promise<Uint8Array>>();

/** Compiled once for each test file. */
function objectOf(program: SmallProgram): Promise<Uint8Array> {
	const object = objects.get(program) ?? compiled(program);
	objects.set(program, object);
	return object;
}

async function compiled(program: SmallProgram): Promise<Uint8Array> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-token-"));
	try {
		const path = join(folder, `${program}.bpf.o`);
		await execa(await findTool("clang"), [
			...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror", `-D${program}`],
			...["-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi")],
			...["-idirafter", `/usr/include/${machine()}-linux-gnu`],
			...["-c", source, "-o", path],
		]);
		return await readFile(path);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Exactly what the observer needs; libbpf first probes with a socket filter. */
export const observerToken: TokenSettings = {
	commands: ["map_create", "prog_load"],
	maps: ["hash"],
	programs: ["socket_filter", "raw_tracepoint"],
	attachments: ["cgroup_inet_ingress"],
	capabilities: ["cap_perfmon", "cap_bpf"],
};

/** What the filters need; the one with pointer arithmetic also needs cap_perfmon. */
export const filterToken: TokenSettings = {
	...observerToken,
	programs: ["socket_filter", "sched_cls"],
	capabilities: ["cap_net_admin", "cap_bpf"],
};

/** What the replacement and its target need where BPF_BTF_GET_FD_BY_ID takes a token. */
export const replacingToken: TokenSettings = {
	commands: ["map_create", "prog_load", "btf_load", "btf_get_fd_by_id"],
	maps: ["hash"],
	programs: ["socket_filter", "xdp", "ext"],
	attachments: ["cgroup_inet_ingress"],
	capabilities: ["cap_net_admin", "cap_sys_admin", "cap_perfmon", "cap_bpf"],
};
