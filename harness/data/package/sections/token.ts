// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { attachTypes, capabilities, commands, mapTypes, programTypes } from "../../../base/bpf.js";
import { InputError } from "../../../base/errors.js";
import { escapePointer } from "../btf/btf-value.js";

/** The first four have an option of bpffs each; the last is of the user namespace. */
export const tokenKinds = ["commands", "maps", "programs", "attachments", "capabilities"] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** Names of each kind; the index is the bit in bpffs' option, or the capability's number. */
export const tokenNames: Readonly<
	Record<TokenKind, { names: readonly string[]; number(name: string): number | undefined }>
> = { commands, maps: mapTypes, programs: programTypes, attachments: attachTypes, capabilities };

/** In place of names: all that there are, of kernels to come as well. */
export const anyName = "any";

const Names = (description: string) =>
	Type.Optional(
		Type.Array(
			Type.String({ pattern: "^[a-z0-9_]+$", description: "lower case, without the common prefix" }),
			{
				maxItems: 64,
				uniqueItems: true,
				description: `${description}; \`["any"]\` for all of them`,
			},
		),
	);

/** What the package needs without privileges. What is left out is not delegated. */
export const TokenSettings = Type.Object(
	{
		commands: Names("`delegate_cmds` of bpffs, names of enum bpf_cmd: `map_create`, `prog_load`, `btf_load`"),
		maps: Names("`delegate_maps`, names of enum bpf_map_type: `ringbuf`"),
		programs: Names("`delegate_progs`, names of enum bpf_prog_type: `kprobe`"),
		attachments: Names(
			"`delegate_attachs`, names of enum bpf_attach_type; programs that have none count as `cgroup_inet_ingress`, its zero",
		),
		capabilities: Names("held in the user namespace: `cap_bpf`, `cap_perfmon`, `cap_net_admin`"),
	},
	{
		additionalProperties: false,
		description:
			"what a BPF token must grant, and which capabilities a user of the package must hold in the user namespace",
	},
);
export type TokenSettings = Static<typeof TokenSettings>;

/** Checks that each name is the kernel's. @throws InputError with the JSON pointer of the name */
export function checkTokenNames(file: string, token: TokenSettings | undefined): void {
	for (const kind of tokenKinds) {
		const names = token?.[kind] ?? [];
		for (const [index, name] of names.entries()) {
			const pointer = `/token/${escapePointer(kind)}/${index}`;
			if (name === anyName) {
				if (names.length === 1) continue;
				throw new InputError(file, pointer, `"${anyName}" stands for all ${kind} and must stand alone`);
			}
			if (tokenNames[kind].number(name) === undefined)
				throw new InputError(file, pointer, `${JSON.stringify(name)} ${unknownName(kind, name)}`);
		}
	}
}

const singular: Record<TokenKind, string> = {
	commands: "a command of bpf(2)",
	maps: "a map type",
	programs: "a program type",
	attachments: "an attach type",
	capabilities: "a capability",
};

/** Why a name is not of its kind, and the kinds that it is of. */
export function unknownName(kind: TokenKind, name: string): string {
	const elsewhere = tokenKinds.filter(
		(other) => other !== kind && tokenNames[other].number(name) !== undefined,
	);
	const instead = elsewhere.length > 0 ? `; it is one of ${elsewhere.join(" and ")}` : "";
	return `is not ${singular[kind]} in Linux 7.3${instead}`;
}
