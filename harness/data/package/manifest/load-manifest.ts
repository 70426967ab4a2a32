// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { type Violation, validator } from "../../../base/validate.js";
import { checkChainRules } from "../sections/chain-rules.js";
import { checkGuestFiles } from "../sections/guest-file.js";
import { checkTokenNames } from "../sections/token.js";
import { parseJson } from "./json-text.js";
import { Manifest, ObjectEntry } from "./manifest.js";
import { type ManifestSection, takeSections } from "./manifest-section.js";

const manifests = validator(Manifest);
const entries = validator(ObjectEntry);

/** Folder of a package that holds the signatures over the rest of it. */
export const signaturesFolder = "signatures";

/**
 * Reads a `bpfgate.json` and checks all that needs no objects.
 * @param sections of checks that are not built in
 * @throws InputError with line and column, or the JSON pointer of what is wrong
 */
export function readManifest(
	file: string,
	bytes: Uint8Array,
	sections: readonly ManifestSection[],
): { manifest: Manifest; sections: Record<string, unknown> } {
	const { rest, taken } = takeSections(file, parseJson(file, bytes), sections);
	const violation = entryViolation(rest);
	if (violation) throw new InputError(file, violation.pointer, violation.reason);
	const manifest = manifests.checked(rest, file);
	checkFiles(file, manifest);
	checkKernels(file, manifest);
	checkChainRules(file, manifest.chains ?? []);
	checkTokenNames(file, manifest.token);
	checkGuestFiles(file, manifest.guest?.files ?? []);
	return { manifest, sections: taken };
}

/** As `readManifest`, of a manifest without sections of other checks. */
export function parseManifest(file: string, bytes: Uint8Array): Manifest {
	return readManifest(file, bytes, []).manifest;
}

/** Entries of `objects` in their long form. */
export function objectEntries(manifest: Manifest): ObjectEntry[] {
	return manifest.objects.map((entry) => (typeof entry === "string" ? { file: entry } : entry));
}

/** Where the path of an object stands. */
export function objectPointer(manifest: Manifest, index: number): string {
	return typeof manifest.objects[index] === "string" ? `/objects/${index}` : `/objects/${index}/file`;
}

/** Of such an entry the whole schema could only say that it is neither a string nor right. */
function entryViolation(value: unknown): Violation | undefined {
	const { objects } = (value ?? {}) as { objects?: unknown };
	if (!Array.isArray(objects)) return undefined;
	for (const [index, entry] of objects.entries()) {
		const violation = typeof entry === "object" && entry !== null ? entries.violation(entry) : undefined;
		if (violation)
			return { ...violation, pointer: `/objects/${index}${violation.pointer.replace(/^\/$/, "")}` };
	}
	return undefined;
}

function checkFiles(file: string, manifest: Manifest): void {
	const seen = new Map<string, string>();
	const check = (path: string, place: string, entry: string) => {
		const wrong = pathProblem(path);
		if (wrong) throw new InputError(file, place, `${JSON.stringify(path)} ${wrong}`);
		if (path.startsWith(`${signaturesFolder}/`))
			throw new InputError(
				file,
				place,
				`${JSON.stringify(path)} stands in ${signaturesFolder}/, which is kept for signatures and no part of what they cover`,
			);
		const other = seen.get(path);
		if (other !== undefined)
			throw new InputError(file, place, `${JSON.stringify(path)} is named already by ${other}`);
		seen.set(path, entry);
	};
	for (const [index, entry] of objectEntries(manifest).entries())
		check(entry.file, objectPointer(manifest, index), `/objects/${index}`);
	for (const [index, path] of (manifest.vectors ?? []).entries()) {
		check(path, `/vectors/${index}`, `/vectors/${index}`);
		if (!/\.(json|ya?ml|pcap(ng)?(\.gz)?)$/.test(path))
			throw new InputError(
				file,
				`/vectors/${index}`,
				`${JSON.stringify(path)} is neither a vector file (.json, .yaml, .yml) nor a capture (.pcap, .pcapng, also with .gz)`,
			);
	}
	const guestFiles = (manifest.guest?.files ?? []).map(
		({ from }, index) => [from, `/guest/files/${index}/from`] as const,
	);
	const parts = objectEntries(manifest).flatMap(({ link = [] }, index) =>
		link.map((path, at) => [path, `/objects/${index}/link/${at}`] as const),
	);
	for (const [path, pointer] of [...loaderFiles(manifest), ...guestFiles, ...parts]) {
		const wrong = pathProblem(path);
		if (wrong) throw new InputError(file, pointer, `${JSON.stringify(path)} ${wrong}`);
		if (path.startsWith(`${signaturesFolder}/`))
			throw new InputError(
				file,
				pointer,
				`${JSON.stringify(path)} stands in ${signaturesFolder}/, which is kept for signatures and no part of what they cover`,
			);
	}
}

/** Files that loaders ship, and where the manifest first says so; two may ship the same. */
export function loaderFiles({ chains = [] }: Manifest): Map<string, string> {
	const files = new Map<string, string>();
	for (const [index, { loader }] of chains.entries())
		for (const [at, path] of (loader?.files ?? []).entries())
			if (!files.has(path)) files.set(path, `/chains/${index}/loader/files/${at}`);
	return files;
}

/** Why a path cannot be one inside a package; undefined when it can. */
export function pathProblem(path: string): string | undefined {
	if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "is an absolute path";
	if (/[\p{Cc}\\]/u.test(path)) return "has a control character or backslash in it";
	const parts = path.split("/");
	if (parts.includes("..")) return "leads out of the package";
	if (parts.some((part) => part === "" || part === ".")) return "is not in its shortest form";
	return undefined;
}

function checkKernels(file: string, manifest: Manifest): void {
	const { from, to } = manifest.kernels ?? {};
	if (from === undefined || to === undefined) return;
	const number = (line: string) => {
		const [major = 0, minor = 0] = line.split(".").map(Number);
		return major * 1e6 + minor;
	};
	if (number(from) > number(to))
		throw new InputError(file, "/kernels/from", `${from} is newer than /kernels/to, ${to}`);
}
