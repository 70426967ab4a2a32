// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place } from "../../../base/errors.js";
import { escapePointer } from "../../../data/package/btf/btf-value.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { Package, PackageObject } from "../../../data/package/package.js";
import type { ProgramReference } from "../../../data/package/sections/chain.js";
import type { ChainSource } from "../../../data/package/sections/chain-file.js";
import {
	type ChainHook,
	type ChainMechanism,
	chainHooks,
} from "../../../data/package/sections/chain-hooks.js";
import { chainProgram, checkProgArray } from "../../../data/package/sections/chain-program.js";
import { longReference, possibleMechanisms } from "../../../data/package/sections/chain-rules.js";
import type { MapsBefore } from "../../../data/package/sections/maps-before.js";
import { type FilledMap, filledMap } from "../../../data/vectors/filled-map.js";
import { type Proceed, proceedOn } from "./proceed.js";

/** A program of a package that a chain refers to. */
export interface ChainProgram {
	pkg: Package;
	object: PackageObject;
	program: ProgramFacts;
}

/** One member, with all defaults resolved. */
export interface DeclaredMember extends ChainProgram {
	/** Short and unique in its chain: `filter`, or `firewall/filter` if two packages have one. */
	label: string;
	/** Passed to the mechanism: as written, or the position, from 1. */
	priority: number;
	/** Verdicts after which the next member runs, where this can be configured. */
	proceed: Proceed;
	/** Name of its own prog_array. */
	next?: string;
	/** The cgroup below the chain's; empty for the chain's own. */
	cgroup: string;
	preorder: boolean;
	/** Entries of its object's maps when that is loaded. */
	before: FilledMap[];
}

/** A chain with all defaults resolved; its members are in the declared order. */
export interface DeclaredChain {
	name: string;
	hook: ChainHook;
	mechanism: ChainMechanism;
	members: DeclaredMember[];
	root?: ChainProgram & { map: string; before: FilledMap[] };
	loader?: { command: string[]; pkg: Package };
	source: ChainSource;
}

/** The chains of packages, in the order of the packages. */
export function chainsOf(packages: readonly Package[]): ChainSource[] {
	return packages.flatMap((owner) =>
		(owner.manifest.chains ?? []).map((chain, index) => ({
			file: `${owner.path}/bpfgate.json`,
			pointer: `/chains/${index}`,
			chain,
			owner,
		})),
	);
}

/**
 * Finds the programs of a chain and resolves its defaults.
 * @param available mechanisms of the kernel: the first possible one is used; without any, the first
 * @throws InputError for a program, package or verdict that does not exist
 */
export function declaredChain(
	source: ChainSource,
	packages: readonly Package[],
	available: ReadonlySet<ChainMechanism>,
): DeclaredChain {
	const { chain, file, pointer, owner } = source;
	const possible = possibleMechanisms(chain);
	const mechanism = possible.find((candidate) => available.has(candidate)) ?? possible[0]!;
	const find = (reference: ProgramReference, place: string) =>
		findProgram(source, reference, `${pointer}/${place}`, packages);
	const { programType } = chainHooks[chain.hook];
	const members = chain.members.map((member, index): Omit<DeclaredMember, "label"> => {
		const place = `members/${index}`;
		const found = find(member.program, `${place}/program`);
		if (member.next !== undefined)
			checkProgArray({ file, pointer: `${pointer}/${place}/next` }, member.next, found.object);
		return {
			...found,
			priority: member.priority ?? index + 1,
			proceed: proceedOn(
				{ file, pointer: `${pointer}/${place}/proceed_on` },
				mechanism,
				programType,
				member.proceed_on,
			),
			...(member.next === undefined ? {} : { next: member.next }),
			cgroup: member.cgroup ?? "",
			preorder: member.preorder ?? false,
			before: filledMaps(found.object, member.maps_before, {
				file,
				pointer: `${pointer}/${place}/maps_before`,
			}),
		};
	});
	checkDistinct(source, members);
	const labels = labelsOf(members);
	let root: DeclaredChain["root"];
	if (chain.root_program) {
		const { program, map, maps_before } = chain.root_program;
		const found = find(program, "root_program/program");
		checkProgArray({ file, pointer: `${pointer}/root_program/map` }, map, found.object);
		const place = { file, pointer: `${pointer}/root_program/maps_before` };
		root = { ...found, map, before: filledMaps(found.object, maps_before, place) };
	}
	checkArrays(source, members, root);
	return {
		name: chain.name,
		hook: chain.hook,
		mechanism,
		members: members.map((member, index) => ({ ...member, label: labels[index]! })),
		...(root ? { root } : {}),
		...(chain.loader && owner ? { loader: { command: chain.loader.command, pkg: owner } } : {}),
		source,
	};
}

/** Packages that a chain names and that are not given: `meter`, or `meter 2.1`. */
export function absentPackages({ chain }: ChainSource, packages: readonly Package[]): string[] {
	const programs = [...chain.members, ...(chain.root_program ? [chain.root_program] : [])];
	const absent = programs.flatMap(({ program }) => {
		const { package: name, version } = longReference(program);
		if (name === undefined || withName(packages, name, version).length > 0) return [];
		return [version === undefined ? name : `${name} ${version}`];
	});
	return [...new Set(absent)];
}

/** The given packages that have a program in a chain of another package or of a chain file. */
export function memberPackages({ chain }: ChainSource, packages: readonly Package[]): Package[] {
	const programs = [...chain.members, ...(chain.root_program ? [chain.root_program] : [])];
	return programs.flatMap(({ program }) => {
		const { package: name, version } = longReference(program);
		return withName(packages, name, version);
	});
}

/** The package that reports a chain: for a chain file, the package of the first member. */
export function reportingPackage(
	{ chain, owner }: ChainSource,
	packages: readonly Package[],
): Package | undefined {
	if (owner) return owner;
	const { package: name, version } = longReference(chain.members[0]?.program ?? "");
	return withName(packages, name, version)[0];
}

function withName(packages: readonly Package[], name: string | undefined, version: string | undefined) {
	return packages.filter((pkg) => pkg.name === name && (version ?? pkg.version) === pkg.version);
}

function findProgram(
	{ file, owner, chain }: ChainSource,
	reference: ProgramReference,
	pointer: string,
	packages: readonly Package[],
): ChainProgram {
	const { package: name, version } = longReference(reference);
	const pkg = name === undefined ? owner : findPackage(file, pointer, name, version, packages);
	if (!pkg) throw new Error("a chain file has a program without a package");
	return { pkg, ...chainProgram({ file, pointer }, reference, chain.hook, pkg.objects) };
}

function findPackage(
	file: string,
	pointer: string,
	name: string,
	version: string | undefined,
	packages: readonly Package[],
): Package {
	const found = withName(packages, name, version);
	const [only, other] = found;
	const wanted = version === undefined ? name : `${name} ${version}`;
	if (!only) {
		const given = packages.map((pkg) => `${pkg.name} ${pkg.version}`).join(", ");
		throw new InputError(file, `${pointer}/package`, `${wanted} is not among the packages: ${given}`);
	}
	if (other && version === undefined)
		throw new InputError(
			file,
			`${pointer}/package`,
			`${name} is given in the versions ${found.map((pkg) => pkg.version).join(" and ")}: name the version`,
		);
	if (other) throw new InputError(file, `${pointer}/package`, `${wanted} is given twice`);
	return only;
}

/** The manifest alone does not show that two references mean one program. */
function checkDistinct({ file, pointer }: ChainSource, members: readonly ChainProgram[]): void {
	const seen = new Map<ProgramFacts, number>();
	for (const [index, { program }] of members.entries()) {
		const other = seen.get(program);
		if (other !== undefined)
			throw new InputError(
				file,
				`${pointer}/members/${index}/program`,
				`${program.name} is already ${pointer}/members/${other}`,
			);
		seen.set(program, index);
	}
}

function filledMaps(object: PackageObject, before: MapsBefore = {}, { file, pointer }: Place): FilledMap[] {
	return Object.entries(before).map(([name, spec]) =>
		filledMap(object, name, spec, { file, pointer: `${pointer}/${escapePointer(name)}` }),
	);
}

/** The arrays that lead from member to member are the chain's to fill. */
function checkArrays(
	{ file, pointer }: ChainSource,
	members: readonly Omit<DeclaredMember, "label">[],
	root: DeclaredChain["root"],
): void {
	const filled = [
		...members.map((member, index) => ({ ...member, at: `members/${index}` })),
		...(root ? [{ ...root, at: "root_program" }] : []),
	];
	for (const { object, before, at } of filled) {
		const arrays = members.filter((member) => member.object === object).map(({ next }) => next);
		if (root?.object === object) arrays.push(root.map);
		const taken = before.find(({ model }) => arrays.includes(model.name));
		if (taken)
			throw new InputError(
				file,
				`${pointer}/${at}/maps_before/${escapePointer(taken.model.name)}`,
				"leads to the next member: the chain fills it",
			);
	}
}

/** The shortest kind of name that distinguishes all members. */
function labelsOf(members: readonly ChainProgram[]): string[] {
	const kinds = [
		({ program }: ChainProgram) => program.name,
		({ pkg, program }: ChainProgram) => `${pkg.name}/${program.name}`,
		({ pkg, object, program }: ChainProgram) => `${pkg.name}/${object.file}/${program.name}`,
	].map((kind) => members.map(kind));
	const distinct = kinds.find((labels) => new Set(labels).size === labels.length);
	return (
		distinct ??
		members.map(({ pkg, object, program }) => `${pkg.name}@${pkg.version}/${object.file}/${program.name}`)
	);
}
