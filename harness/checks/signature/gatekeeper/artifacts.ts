// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UndecidedError } from "../../../base/errors.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** The gatekeepers, by what each requires; `-hardened` ones keep themselves as well. */
export const gatekeepers = [
	"signature",
	"deny",
	"loader",
	"signature-hardened",
	"deny-hardened",
	"loader-hardened",
] as const;
export type GatekeeperName = (typeof gatekeepers)[number];

/** Folder with what `build.ts` makes for guests of an architecture. */
export function artifactFolder(arch: string): string {
	return join(root, "build/gatekeeper", arch);
}

export const sourceFolder = join(root, "harness/checks/signature/gatekeeper");

/** Name of a gatekeeper's object in that folder. */
export function objectFile(name: GatekeeperName): string {
	return `gatekeeper-${name}.bpf.o`;
}

/** Bytes of an ext4 file system for fs-verity; its image lacks the zeros at the end. */
export const imageBytes = 8 << 20;

const read = new Map<string, Promise<Uint8Array>>();

/**
 * One of what was built: an object, `attack.bpf.o`, `intruder`, `token-loader` or `verity.ext4`.
 *
 * @throws UndecidedError `not-built`
 */
export function artifact(arch: string, file: string, folder = artifactFolder(arch)): Promise<Uint8Array> {
	const path = join(folder, file);
	let content = read.get(path);
	if (!content) {
		content = readFile(path).catch((cause: unknown) => {
			read.delete(path);
			throw new UndecidedError("not-built", `${path}: is not built`, "run ci/setup", { cause });
		});
		read.set(path, content);
	}
	return content;
}
