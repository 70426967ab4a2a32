// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openPackage, type Package } from "../../package/package.js";
import type { TokenSettings } from "../../package/token.js";

const source = join(import.meta.dirname, "testdata/small.bpf.c");
const libbpf = join(import.meta.dirname, "../../../build/libbpf");

/** A package of one program of `testdata/small.bpf.c`, which declares that token. */
export async function smallPackage(
	program: "OBSERVER" | "FILTER" | "BYTES" | "WRITER",
	token: TokenSettings,
	more: object = {},
): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-token-"));
	try {
		await execa(process.env.CLANG ?? "clang-19", [
			...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror", `-D${program}`],
			...["-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi")],
			...["-idirafter", `/usr/include/${machine()}-linux-gnu`],
			...["-c", source, "-o", join(folder, "small.bpf.o")],
		]);
		const manifest = { name: "small", version: "1", objects: ["small.bpf.o"], token, ...more };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** What the observer needs, and nothing more: libbpf first loads a socket filter. */
export const observerToken: TokenSettings = {
	commands: ["map_create", "prog_load"],
	maps: ["hash"],
	programs: ["socket_filter", "raw_tracepoint"],
	attachments: ["cgroup_inet_ingress"],
	capabilities: ["cap_perfmon", "cap_bpf"],
};

/** What the filters need; the one that works with pointers needs cap_perfmon besides. */
export const filterToken: TokenSettings = {
	...observerToken,
	programs: ["socket_filter", "sched_cls"],
	capabilities: ["cap_net_admin", "cap_bpf"],
};
