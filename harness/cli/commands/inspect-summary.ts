// SPDX-License-Identifier: Apache-2.0
import type { CapabilityRecord } from "../../base/results.js";
import { autoloads } from "../../data/package/autoload.js";
import { capabilitiesOf } from "../../data/package/capabilities.js";
import type { Extern } from "../../data/package/elf/externs.js";
import type { MapFacts } from "../../data/package/elf/maps.js";
import type { Manifest } from "../../data/package/manifest/manifest.js";
import type { ProgramFacts } from "../../data/package/object.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import type { TokenSettings } from "../../data/package/sections/token.js";
import { type ChainSummary, chainSummaries } from "./inspect-chains.js";

/** What `bpfgate inspect --json` prints. Fields may be added, not renamed; sizes are bytes. */
export interface Summary {
	format: "bpfgate/inspect";
	version: 1;
	package: { name: string; version: string; sha256: string; path: string };
	/** What the manifest promises and requires. */
	kernels: NonNullable<Manifest["kernels"]>;
	/** The BPF token that the manifest declares; absent when it declares none. */
	token?: TokenSettings;
	/** Alternatives, in the order in which a kernel is asked; absent without any. */
	variants?: string[][];
	/** Files that guests get; absent without any. */
	guest_files?: { path: string; bytes: number }[];
	/** What programs may do to the machine they run on. */
	capabilities: CapabilityRecord[];
	objects: ObjectSummary[];
	chains: ChainSummary[];
}

export interface ObjectSummary {
	file: string;
	bytes: number;
	byte_order: "little" | "big";
	license: string;
	btf: boolean;
	programs: ProgramSummary[];
	maps: MapFacts[];
	/** The objects of the package that it is linked from. */
	link?: string[];
	/** Names of those that the manifest has the loader leave out. */
	maps_not_created: string[];
	externs: Extern[];
	/** Types and fields of the kernel that CO-RE looks for. */
	core: { type: string; field: string; kind: string }[];
}

export interface ProgramSummary {
	name: string;
	section: string;
	/** Absent when libbpf knows no program type for the section. */
	type?: string;
	attach_type?: string;
	attaches_to?: string;
	target?: string;
	sleepable: boolean;
	autoload: boolean;
	insns: number;
	/** With the functions of the object that it calls: what is handed to the kernel. */
	insns_with_functions: number;
	helpers: string[];
	kfuncs: string[];
	maps: string[];
	/** File and line of its first instruction, when the object says. */
	source?: string;
}

export function summaryOf(pkg: Package): Summary {
	const { name, version, sha256, path, manifest, variants, guestFiles } = pkg;
	return {
		format: "bpfgate/inspect",
		version: 1,
		package: { name, version, sha256, path },
		kernels: manifest.kernels ?? {},
		...(manifest.token ? { token: manifest.token } : {}),
		...(variants.length > 0 ? { variants: variants.map((set) => set.map(({ label }) => label)) } : {}),
		...(guestFiles.length > 0
			? { guest_files: guestFiles.map(({ path, bytes }) => ({ path, bytes: bytes.length })) }
			: {}),
		capabilities: capabilitiesOf(pkg),
		objects: pkg.objects.map(objectSummary),
		chains: chainSummaries(pkg),
	};
}

function objectSummary(object: PackageObject): ObjectSummary {
	const core = new Map(
		(object.btfExt?.relocations ?? []).map(({ type, field, kind }) => [
			`${type} ${field} ${kind}`,
			{ type, field, kind },
		]),
	);
	return {
		file: object.file,
		bytes: object.bytes.length,
		...(object.settings.link ? { link: object.settings.link } : {}),
		byte_order: object.elf.littleEndian ? "little" : "big",
		license: object.license,
		btf: object.btf !== undefined,
		programs: object.programs.map((program) => programSummary(object, program)),
		maps: object.maps.map(({ key: _key, value: _value, ...map }) => map),
		maps_not_created: object.uncreated,
		externs: object.externs,
		core: [...core.values()],
	};
}

function programSummary(object: PackageObject, program: ProgramFacts): ProgramSummary {
	const { name, section, meaning, offset, insns, uses } = program;
	const line = object.btfExt?.lineAt(section, offset);
	return {
		name,
		section,
		...(meaning ? { type: meaning.type, attaches_to: meaning.attachesTo } : {}),
		...(meaning?.attachType ? { attach_type: meaning.attachType } : {}),
		...(meaning?.target ? { target: meaning.target } : {}),
		sleepable: meaning?.sleepable ?? false,
		autoload: autoloads(object, program),
		insns,
		insns_with_functions: uses.insns,
		helpers: uses.helpers,
		kfuncs: uses.kfuncs,
		maps: uses.maps,
		...(line ? { source: `${line.file}:${line.line}` } : {}),
	};
}
