// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { Hex } from "../../packet/content.js";
import { LayersRef } from "../../packet/layers.js";
import { type ChainHook, type ChainMechanism, chainHooks, chainMechanisms } from "./chain-hooks.js";
import { MapsBefore } from "./maps-before.js";

const closed = { additionalProperties: false };

/** A program of a chain: of this package by its name alone, or of any by more. */
export const ProgramReference = Type.Union([
	Type.String({ minLength: 1 }),
	Type.Object(
		{
			package: Type.Optional(Type.String({ minLength: 1, description: "name of another package" })),
			version: Type.Optional(
				Type.String({ minLength: 1, description: "exactly this version of it; default: whichever is given" }),
			),
			object: Type.Optional(
				Type.String({ minLength: 1, description: "object file, where several have such a program" }),
			),
			program: Type.String({ minLength: 1 }),
		},
		closed,
	),
]);
export type ProgramReference = Static<typeof ProgramReference>;

const Verdict = Type.String({ pattern: "^[A-Z][A-Z_]*$", description: "`XDP_PASS`" });

const filled = {
	maps_before: Type.Optional(
		Type.Unsafe<MapsBefore>({
			...MapsBefore,
			description: "what is put into maps of its object when that is loaded, by map name, as in vectors",
		}),
	),
};

export const ChainMember = Type.Object(
	{
		program: ProgramReference,
		...filled,
		priority: Type.Optional(
			Type.Integer({
				minimum: 0,
				maximum: 0xffffffff,
				description: "low first: `seq_id` of a tail call, `run_prio` of the dispatcher, `pref` of tc",
			}),
		),
		proceed_on: Type.Optional(
			Type.Array(Verdict, {
				minItems: 1,
				maxItems: 16,
				uniqueItems: true,
				description: "verdicts after which the next member has its turn",
			}),
		),
		next: Type.Optional(
			Type.String({
				minLength: 1,
				description: "tail calls: the member's own prog_array, whose slot 0 gets the member after it",
			}),
		),
		cgroup: Type.Optional(
			Type.String({
				pattern: "^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,7}$",
				// With the names of bpfgate's own above and below it: 200 for the agent.
				maxLength: 160,
				description: "cgroups: the one below the chain's that it is attached to; default: the chain's own",
			}),
		),
		preorder: Type.Optional(
			Type.Boolean({ description: "cgroups: BPF_F_PREORDER, before those of the cgroups below" }),
		),
	},
	closed,
);
export type ChainMember = Static<typeof ChainMember>;

/** One packet that is sent through the chain. */
export const ChainPacket = Type.Object(
	{
		name: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._ -]{0,127}$" })),
		packet: Type.Object(
			{ layers: Type.Optional(LayersRef), hex: Type.Optional(Hex) },
			{ ...closed, description: "`layers` or `hex`, as in vectors" },
		),
		meets: Type.Optional(
			Type.Array(
				Type.Union([
					Type.String({ minLength: 1 }),
					Type.Object({ program: ProgramReference, verdict: Type.Optional(Verdict) }, closed),
				]),
				{
					minItems: 1,
					maxItems: 64,
					description:
						"the members that it has to meet, in this order and no others; what each has to return",
				},
			),
		),
	},
	closed,
);
export type ChainPacket = Static<typeof ChainPacket>;

/** Programs that share a hook: `members` is the promised order, the rest how to reach it. */
export const Chain = Type.Object(
	{
		name: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" }),
		hook: Type.Unsafe<ChainHook>({ type: "string", enum: Object.keys(chainHooks) }),
		mechanism: Type.Optional(
			Type.Unsafe<ChainMechanism>({
				type: "string",
				enum: [...chainMechanisms],
				description: "default: by the hook and by what the kernel has",
			}),
		),
		members: Type.Array(ChainMember, { minItems: 1, maxItems: 64 }),
		root_program: Type.Optional(
			Type.Object(
				{
					program: ProgramReference,
					map: Type.String({
						minLength: 1,
						description: "its prog_array, whose slot 0 gets the first member",
					}),
					...filled,
				},
				{ ...closed, description: "tail calls: the program that is attached to the hook" },
			),
		),
		packets: Type.Optional(
			Type.Array(ChainPacket, {
				minItems: 1,
				maxItems: 64,
				description: "what is sent through the chain; default: one packet of each common kind",
			}),
		),
		loader: Type.Optional(
			Type.Object(
				{
					command: Type.Array(Type.String({ minLength: 1 }), {
						minItems: 1,
						maxItems: 64,
						description: "program and arguments that build the chain in the guest",
					}),
					files: Type.Optional(
						Type.Array(Type.String({ minLength: 1 }), {
							maxItems: 256,
							description: "files of the package that the command needs",
						}),
					),
				},
				closed,
			),
		),
	},
	closed,
);
export type Chain = Static<typeof Chain>;

/** Where a reference stands, for messages. */
export interface ReferencePlace {
	file: string;
	pointer: string;
}
