// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { undecided } from "../../../data/reasons/registry/registry.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** The gatekeepers, by what each requires; `-hardened` ones protect themselves as well. */
export const gatekeepers = [
	"signature",
	"deny",
	"loader",
	"signature-hardened",
	"deny-hardened",
	"loader-hardened",
] as const;
export type GatekeeperName = (typeof gatekeepers)[number];
export type GatekeeperKind = "signature" | "deny" | "loader";

export const kindOf = (name: GatekeeperName): GatekeeperKind =>
	name.replace("-hardened", "") as GatekeeperKind;

export const isHardened = (name: GatekeeperName): boolean => name.endsWith("-hardened");

/** The guest cannot be used afterwards: the gatekeeper, or the file system that it needs, stays. */
export const staysInGuest = (name: GatekeeperName): boolean => isHardened(name) || kindOf(name) === "loader";

/** Folder with what `build-gatekeepers.ts` builds for guests of an architecture. */
export function artifactFolder(arch: string): string {
	return join(root, "build/gatekeeper", arch);
}

export const sourceFolder = join(root, "harness/checks/signature/gatekeeper");
export const tokenLoaderSource = join(root, "harness/qualify/signatures/token-loader.c");

export function objectFile(name: GatekeeperName): string {
	return `gatekeeper-${name}.bpf.o`;
}

/** Size of an ext4 file system for fs-verity; its image file lacks the zeros at the end. */
export const imageBytes = 8 << 20;

const read = new Map<string, Promise<Uint8Array>>();

/** A built file: an object, `attack.bpf.o`, `intruder` ... @throws UndecidedError `not-built` */
export function artifact(arch: string, file: string, folder = artifactFolder(arch)): Promise<Uint8Array> {
	const path = join(folder, file);
	let content = read.get(path);
	if (!content) {
		content = readFile(path).catch((cause: unknown) => {
			read.delete(path);
			throw undecided("not-built", { path }, { cause });
		});
		read.set(path, content);
	}
	return content;
}
