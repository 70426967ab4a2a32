// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { anyName, type TokenKind, tokenNames, unknownName } from "../../../data/package/sections/token.js";
import { type Delegation, delegationOfGrants, type Grant } from "./delegation.js";

/** Kinds that have a bpffs mount option; capabilities belong to the user namespace. */
export const delegatedKinds = ["commands", "maps", "programs", "attachments"] as const;
export type DelegatedKind = (typeof delegatedKinds)[number];

const allBits = (1n << 64n) - 1n;

/** The mount option of each kind (kernel/bpf/inode.c). */
export const mountOptionNames: Readonly<Record<DelegatedKind, string>> = {
	commands: "delegate_cmds",
	maps: "delegate_maps",
	programs: "delegate_progs",
	attachments: "delegate_attachs",
};

/** Mount options by name, as fsconfig(2) takes them; none for a kind without grants. */
export function mountOptions(delegation: Delegation): Record<string, string> {
	return Object.fromEntries(
		delegatedKinds
			.filter((kind) => delegation[kind].length > 0)
			.map((kind) => [mountOptionNames[kind], delegation[kind].join(":")]),
	);
}

/** The same as bit masks, which kernels without BTF take as well; they ignore unknown bits. */
export function mountMasks(delegation: Delegation): Record<string, string> {
	return Object.fromEntries(
		delegatedKinds
			.filter((kind) => delegation[kind].length > 0)
			.map((kind) => [mountOptionNames[kind], `0x${maskOf(kind, delegation[kind]).toString(16)}`]),
	);
}

function maskOf(kind: DelegatedKind, names: readonly string[]): bigint {
	if (names.includes(anyName)) return allBits;
	return names.reduce((mask, name) => mask | (1n << BigInt(tokenNames[kind].number(name) ?? 0)), 0n);
}

/** `delegate_cmds=map_create:prog_load,delegate_progs=xdp`, as mount(8) takes it; may be empty. */
export function printMountOptions(delegation: Delegation): string {
	return Object.entries(mountOptions(delegation))
		.map(([name, value]) => `${name}=${value}`)
		.join(",");
}

/**
 * Reads options as mount(8) takes or /proc/mounts shows them; ignores other mount options.
 * @throws InputError for options that bpffs refuses, and for a bit without a name
 */
export function parseMountOptions(file: string, text: string): Delegation {
	const grants: Grant[] = [];
	for (const option of text.split(",")) {
		const [name = "", value] = option.trim().split(/=(.*)/s);
		const kind = delegatedKinds.find((candidate) => mountOptionNames[candidate] === name);
		if (kind) grants.push(...parseNames(file, name, kind, (value ?? "").split(":")));
		else if (name.startsWith("delegate_"))
			throw new InputError(
				file,
				name,
				`is not a bpffs mount option; there are ${Object.values(mountOptionNames).join(", ")}`,
			);
	}
	return delegationOfGrants(grants);
}

/** Aliases: the kernel shows one name of a number, and takes all. */
const aliases: Readonly<Record<string, string>> = {
	cgroup_storage_deprecated: "cgroup_storage",
	percpu_cgroup_storage_deprecated: "percpu_cgroup_storage",
	prog_run: "prog_test_run",
};

/** Grants of names, numbers (bit masks) and `any`, in upper or lower case, as bpffs reads them. */
export function parseNames(file: string, place: string, kind: TokenKind, names: readonly string[]): Grant[] {
	const granted = new Map<string, Grant>();
	const grant = (name: string) => granted.set(name, { kind, name });
	for (const each of names) {
		const name = aliases[each.toLowerCase()] ?? each.toLowerCase();
		if (name === anyName || tokenNames[kind].number(name) !== undefined) grant(name);
		else if (/^(0x[0-9a-f]{1,16}|\d{1,20})$/.test(name)) {
			// As in the kernel: a number replaces everything before it.
			granted.clear();
			for (const named of namesOfMask(file, place, kind, BigInt(name))) grant(named);
		} else throw new InputError(file, place, `${JSON.stringify(each)} ${unknownName(kind, name)}`);
	}
	return [...granted.values()];
}

function namesOfMask(file: string, place: string, kind: TokenKind, mask: bigint): string[] {
	if (mask === allBits) return [anyName];
	const { names } = tokenNames[kind];
	const unnamed = mask >> BigInt(names.length);
	if (unnamed !== 0n)
		throw new InputError(
			file,
			place,
			`0x${mask.toString(16)} has bits above ${names.length - 1}, which have no names in Linux 7.3`,
		);
	return names.filter((_, number) => (mask >> BigInt(number)) & 1n);
}
