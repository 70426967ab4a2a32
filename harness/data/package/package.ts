// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { InputError } from "../../base/errors.js";
import { interruptible } from "../../base/interruptible.js";
import type { Reason } from "../../base/results.js";
import { maxPackageBytes } from "./archive.js";
import { nameOfPath } from "./broken-package.js";
import type { Dialect } from "./elf/dialect.js";
import { readElf } from "./elf/elf.js";
import { linkObjects } from "./elf/link.js";
import { type Files, openFiles } from "./files.js";
import { checkSettings } from "./manifest/check-settings.js";
import {
	loaderFiles,
	objectEntries,
	objectPointer,
	readManifest,
	signaturesFolder,
} from "./manifest/load-manifest.js";
import type { Manifest, ObjectEntry } from "./manifest/manifest.js";
import type { ManifestSection } from "./manifest/manifest-section.js";
import { type ObjectFacts, readObject } from "./object.js";
import { maxGuestFileBytes } from "./sections/guest-file.js";
import { type VariantChoice, type VariantSet, variantSets, withAutoload } from "./variants.js";

export const manifestName = "bpfgate.json";
const maxSignatureFiles = 4096;

/** One ELF object of a package: the file, what the manifest says of it, what it holds. */
export interface PackageObject extends ObjectFacts {
	/** Path inside the package. */
	file: string;
	/** Of the file, or linked from several; a guest gets `loadable`. */
	bytes: Uint8Array;
	settings: ObjectEntry;
	/** `autoload` of the settings is the user's, not the manifest's. */
	withOptional?: true;
	/** Files of the package in its guests; programs of user space are attached to them. */
	binaries: readonly GuestFile[];
	/** Programs that are not loaded because another variant is used, and why. */
	others?: ReadonlyMap<string, Reason>;
}

export interface PackageFile {
	/** Path inside the package. */
	file: string;
	/** As messages call it. */
	display: string;
	bytes: Uint8Array;
}

/** A file of a package that its guests have. */
export interface GuestFile {
	/** Absolute, in the guest. */
	path: string;
	bytes: Uint8Array;
}

/** A package that was read and found sound: everything a check needs, in memory. */
export interface Package {
	name: string;
	version: string;
	/** Digest as in `digestOf`, lower-case hexadecimal. */
	sha256: string;
	/** As the user named it. */
	path: string;
	manifest: Manifest;
	objects: PackageObject[];
	/** What `vectors` of the manifest names, in its order; not yet read as vectors. */
	vectors: PackageFile[];
	/** What the loaders of its chains ship besides; an object may be among them. */
	loaderFiles: PackageFile[];
	/** What `guest.files` of the manifest names, in its order. */
	guestFiles: GuestFile[];
	/** Every file below `signatures/`, by path; no part of the digest and not yet read. */
	signatures: PackageFile[];
	/** `variants` of the manifest: on each kernel one of each set is used. */
	variants: readonly VariantSet[];
	/** The choice of each set, once the kernel is known. */
	choices?: readonly VariantChoice[];
	/** Parts of the manifest that belong to checks that are not built in, by key. */
	sections?: Readonly<Record<string, unknown>>;
	/** It is an object alone, about which no manifest says anything. */
	bare?: true;
}

/**
 * Opens a folder with `bpfgate.json`, an archive of one (.tar, .tar.gz, .tgz, .tar.xz, .tar.zst),
 * or a bare ELF object.
 * @param options.sections manifest sections of checks that are not built in
 * @param options.dialect of a bare object, and of a package whose manifest names none
 * @throws InputError when it is not a package; nothing is written anywhere
 */
export async function openPackage(
	path: string,
	{ sections = [], dialect }: { sections?: readonly ManifestSection[]; dialect?: Dialect | undefined } = {},
): Promise<Package> {
	const files = await openFiles(path, manifestName);
	if (files.kind === "object") return bareObject(path, files.bytes, dialect);
	const file = files.display(manifestName);
	const manifestBytes = await files.read(manifestName);
	if (!manifestBytes) throw new InputError(file, "", "is missing; a package has it at its top");
	const { manifest, sections: taken } = readManifest(file, manifestBytes, sections);
	const listed = [{ path: manifestName, bytes: manifestBytes }];
	let total = 0;
	const readListed = async (path: string, place: string): Promise<Uint8Array> => {
		const bytes = await files.read(path);
		if (!bytes) throw new InputError(file, place, `${JSON.stringify(path)} is missing from the package`);
		total += bytes.length;
		if (total > maxPackageBytes)
			throw new InputError(file, place, `comes to more than ${maxPackageBytes} bytes`);
		listed.push({ path, bytes });
		return bytes;
	};
	const readShared = async (path: string, place: string) =>
		listed.find((file) => file.path === path)?.bytes ?? (await readListed(path, place));
	/** @throws LinkError */
	const linked = async (name: string, parts: readonly string[], pointer: string) => {
		if (await files.read(name))
			throw new InputError(file, `${pointer}/file`, "is in the package: give the linked object another name");
		const read: { file: string; bytes: Uint8Array }[] = [];
		for (const [at, part] of parts.entries()) {
			const bytes = await readShared(part, `${pointer}/link/${at}`);
			readElf(files.display(part), bytes);
			read.push({ file: part, bytes });
		}
		return linkObjects(read, { file, pointer: `${pointer}/link` });
	};
	const binaries: GuestFile[] = [];
	const objects: PackageObject[] = [];
	for (const [index, settings] of objectEntries(manifest).entries()) {
		const bytes = settings.link
			? await linked(settings.file, settings.link, `/objects/${index}`)
			: await readShared(settings.file, objectPointer(manifest, index));
		objects.push({
			file: settings.file,
			bytes,
			settings,
			binaries,
			...interruptible(() =>
				readObject(files.display(settings.file), bytes, manifest.dialect ?? dialect, settings),
			),
		});
	}
	checkSettings(file, manifest, objects);
	const variants = variantSets(file, manifest, objects);
	const members = (object: PackageObject) =>
		variants.flat().flatMap(({ programs }) => programs.get(object.file) ?? []);
	const vectors: PackageFile[] = [];
	for (const [index, path] of (manifest.vectors ?? []).entries()) {
		const bytes = await readListed(path, `/vectors/${index}`);
		vectors.push({ file: path, display: files.display(path), bytes });
	}
	for (const [index, { from, to }] of (manifest.guest?.files ?? []).entries()) {
		const place = `/guest/files/${index}/from`;
		const bytes = await readShared(from, place);
		if (bytes.length > maxGuestFileBytes)
			throw new InputError(
				file,
				place,
				`${JSON.stringify(from)} has ${bytes.length} bytes, more than the ${maxGuestFileBytes} that a guest gets`,
			);
		binaries.push({ path: to, bytes });
	}
	const shipped: PackageFile[] = [];
	for (const [path, pointer] of loaderFiles(manifest)) {
		const bytes = await readShared(path, pointer);
		shipped.push({ file: path, display: files.display(path), bytes });
	}
	return {
		name: manifest.name,
		version: manifest.version,
		sha256: digestOf(listed),
		path,
		manifest,
		objects: objects.map((object) =>
			withAutoload(object, new Map(members(object).map((name) => [name, true]))),
		),
		vectors,
		loaderFiles: shipped,
		guestFiles: binaries,
		variants,
		signatures: await readSignatureFiles(file, files, maxPackageBytes - total),
		...(sections.length > 0 ? { sections: taken } : {}),
	};
}

/** A bare object: named after its file, version 0; everything else follows from its sections. */
function bareObject(path: string, bytes: Uint8Array, dialect?: Dialect): Package {
	const file = basename(path);
	const name = nameOfPath(path);
	const facts = interruptible(() => readObject(path, bytes, dialect));
	const manifest: Manifest = { name, version: "0", objects: [file], ...(dialect ? { dialect } : {}) };
	return {
		name,
		version: "0",
		sha256: digestOf([{ path: file, bytes }]),
		path,
		manifest,
		objects: [{ file, bytes, settings: { file }, binaries: [], ...facts }],
		vectors: [],
		loaderFiles: [],
		guestFiles: [],
		variants: [],
		signatures: [],
		bare: true,
	};
}

/** @param room bytes that they may come to */
async function readSignatureFiles(manifest: string, files: Files, room: number): Promise<PackageFile[]> {
	const found: PackageFile[] = [];
	const entries = await files.entries(signaturesFolder);
	if (entries.length > maxSignatureFiles)
		throw new InputError(
			files.display(signaturesFolder),
			"",
			`holds ${entries.length} files, more than the ${maxSignatureFiles} that are read`,
		);
	let left = room;
	for (const { path: file, kind } of entries) {
		const display = files.display(file);
		if (kind !== "file") throw new InputError(display, "", "is not a regular file, as signatures are");
		const bytes = await files.read(file);
		if (!bytes) continue;
		left -= bytes.length;
		if (left < 0)
			throw new InputError(manifest, "", `comes with its signatures to more than ${maxPackageBytes} bytes`);
		found.push({ file, display, bytes });
	}
	return found;
}

/** Paths of the files in the canonical digest: the manifest and what it names. */
export function canonicalFiles(manifest: Manifest): string[] {
	const objects = objectEntries(manifest).flatMap(({ file, link }) => link ?? [file]);
	const given = (manifest.guest?.files ?? []).map(({ from }) => from);
	const shipped = loaderFiles(manifest).keys();
	return [...new Set([manifestName, ...objects, ...(manifest.vectors ?? []), ...given, ...shipped])];
}

/**
 * The canonical digest of a package: SHA-256 of the line `bpfgate-package 1` and one line for each
 * file that belongs to it (the manifest and what the manifest names; for a bare object the object
 * alone), sorted by the bytes of the path: `<sha256> <size> <path>`, each ended by a newline.
 * Folder and archive of the same files agree.
 */
export function digestOf(files: { path: string; bytes: Uint8Array }[]): string {
	const sorted = [...files].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
	const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
	const lines = sorted.map(({ path, bytes }) => `${sha256(bytes)} ${bytes.length} ${path}\n`);
	return sha256(`bpfgate-package 1\n${lines.join("")}`);
}
