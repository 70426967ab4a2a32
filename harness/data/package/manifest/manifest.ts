// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { layersDefinition } from "../../packet/layers.js";
import { type Dialect, dialects } from "../elf/dialect.js";
import { Chain } from "../sections/chain.js";
import { GuestFileSettings } from "../sections/guest-file.js";
import { TakeoverSettings } from "../sections/takeover.js";
import { TokenSettings } from "../sections/token.js";
import { AttachTarget } from "./attach-target.js";

const closed = { additionalProperties: false };

/**
 * Flags that a loader may give a program by itself. Not `xdp_dev_bound_only`, which needs a device
 * to load the program for.
 */
export const loadFlags = [
	"strict_alignment",
	"any_alignment",
	"test_rnd_hi32",
	"test_state_freq",
	"sleepable",
	"xdp_has_frags",
	"test_reg_invariants",
] as const;
export type LoadFlag = (typeof loadFlags)[number];

export const ProgramSettings = Type.Object(
	{
		autoload: Type.Optional(Type.Boolean()),
		type: Type.Optional(
			Type.String({
				description: "kernel name without BPF_PROG_TYPE_, lower case: `sched_cls`; default: by its section",
			}),
		),
		attach_type: Type.Optional(
			Type.String({
				description: "with `type`: kernel name without BPF_, lower case: `cgroup_inet4_connect`",
			}),
		),
		attach: Type.Optional(AttachTarget),
		flags: Type.Optional(
			Type.Array(Type.Unsafe<LoadFlag>({ type: "string", enum: [...loadFlags] }), {
				uniqueItems: true,
				maxItems: loadFlags.length,
				description:
					"flags of BPF_PROG_LOAD besides those of the section: kernel names without BPF_F_, lower case",
			}),
		),
		log_level: Type.Optional(
			Type.Integer({
				minimum: 0,
				maximum: 7,
				description:
					"of the verifier's log: 1 messages and instructions, 2 more, 4 statistics, or a sum; 0: none. The log is in the evidence, also of a program that loads. Default: 4, and 5 where a program is refused",
			}),
		),
		target: Type.Optional(
			Type.Object(
				{
					object: Type.Optional(
						Type.String({ description: "object file of this package; default: the same" }),
					),
					program: Type.Optional(
						Type.String({ description: "program whose function is replaced or traced" }),
					),
					function: Type.Optional(
						Type.String({ description: "function in it, or kernel function without `program`" }),
					),
				},
				{ ...closed, description: "what an freplace, fentry, fexit, fmod_ret or lsm program is aimed at" },
			),
		),
	},
	closed,
);
export type ProgramSettings = Static<typeof ProgramSettings>;

export const bpffs = "/sys/fs/bpf";

/** A number of entries: given, or as many as the guest has CPUs. */
const Entries = Type.Union([Type.Integer({ minimum: 1, maximum: 0xffffffff }), Type.Literal("cpus")]);

export const MapSettings = Type.Object(
	{
		type: Type.Optional(
			Type.String({ description: "kernel name without BPF_MAP_TYPE_, lower case: `lru_hash`" }),
		),
		key_size: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffffffff })),
		value_size: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffffffff })),
		max_entries: Type.Optional(Entries),
		flags: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffffffff, description: "BPF_F_*" })),
		map_extra: Type.Optional(
			Type.Integer({
				minimum: 0,
				maximum: 2 ** 47,
				description: "of the map type: hash functions of a bloom filter, address of an arena",
			}),
		),
		autocreate: Type.Optional(
			Type.Boolean({ description: "false: the package's loader does not create the map" }),
		),
		pinning: Type.Optional(
			Type.Unsafe<"none" | "by_name" | `/${string}`>({
				type: "string",
				pattern: `^(none|by_name|${bpffs}(/[^/.]{1,255}){1,16})$`,
				description:
					"none, by_name (below `pin_root`) or a path in /sys/fs/bpf without dots; default: as the object says",
			}),
		),
		inner: Type.Optional(
			Type.Object(
				{
					type: Type.String({ description: "kernel name without BPF_MAP_TYPE_, lower case: `array`" }),
					key_size: Type.Integer({ minimum: 0 }),
					value_size: Type.Integer({ minimum: 0 }),
					max_entries: Entries,
					flags: Type.Optional(Type.Integer({ minimum: 0 })),
				},
				{ ...closed, description: "template of a map-in-map's inner map" },
			),
		),
	},
	closed,
);
export type MapSettings = Static<typeof MapSettings>;

export const ObjectEntry = Type.Object(
	{
		file: Type.String({
			minLength: 1,
			description: "path of the ELF object inside the package; with `link` the name of the linked one",
		}),
		link: Type.Optional(
			Type.Array(Type.String({ minLength: 1 }), {
				minItems: 1,
				maxItems: 64,
				uniqueItems: true,
				description: "objects of the package to link into this one with libbpf's static linker",
			}),
		),
		rodata: Type.Optional(
			Type.Record(Type.String(), Type.Unknown(), {
				description: "constants by variable name, set before load",
			}),
		),
		maps: Type.Optional(Type.Record(Type.String(), MapSettings)),
		pin_root: Type.Optional(
			Type.String({
				pattern: `^${bpffs}(/[^/.]{1,255}){0,16}$`,
				description:
					"folder in /sys/fs/bpf, without dots, in which the package's loader pins maps by name; default: /sys/fs/bpf",
			}),
		),
		autoload: Type.Optional(
			Type.Unsafe<"all">({
				type: "string",
				enum: ["all"],
				description: 'also load optional programs (`SEC("?xdp")`)',
			}),
		),
		programs: Type.Optional(Type.Record(Type.String(), ProgramSettings)),
	},
	closed,
);
export type ObjectEntry = Static<typeof ObjectEntry>;

/** A failure that the author knows: a pass where it happens, a fail where it does not. */
export const ExpectedFailure = Type.Object(
	{
		case: Type.String({
			description: "`load/program/<name>`; `*` stands for any characters of one part, not for the check",
		}),
		kernels: Type.Optional(Type.Array(Type.String(), { description: "kernel ids; default: every kernel" })),
		reason: Type.Optional(Type.String({ description: "reason code that the failure must have" })),
	},
	closed,
);
export type ExpectedFailure = Static<typeof ExpectedFailure>;

/** What guests have for the package. */
export const GuestSettings = Type.Object(
	{
		memory: Type.Optional(
			Type.Integer({
				minimum: 64,
				maximum: 1_048_576,
				description: "MiB; default: as much as the package's maps need, at least 256",
			}),
		),
		modules: Type.Optional(
			Type.Array(Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }), {
				maxItems: 64,
				description:
					"modules of the kernel to load, besides those that have the functions which programs call or trace",
			}),
		),
		files: Type.Optional(
			Type.Array(GuestFileSettings, {
				maxItems: 64,
				description: "binaries of the package for uprobes and USDT probes to attach to",
			}),
		),
	},
	closed,
);
export type GuestSettings = Static<typeof GuestSettings>;

/** `bpfgate.json`. Sections of later checks are added beside these; unknown keys are refused. */
export const Manifest = Type.Object(
	{
		$schema: Type.Optional(Type.String()),
		name: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$" }),
		version: Type.String({ minLength: 1, maxLength: 128 }),
		license: Type.Optional(Type.String()),
		source: Type.Optional(Type.String()),
		documentation: Type.Optional(Type.String()),
		description: Type.Optional(Type.String()),
		dialect: Type.Optional(
			Type.Unsafe<Dialect>({
				type: "string",
				enum: [...dialects],
				description: "the loader whose section names, map definitions and defaults apply; default: libbpf",
			}),
		),
		objects: Type.Array(Type.Union([Type.String({ minLength: 1 }), ObjectEntry]), { minItems: 1 }),
		variants: Type.Optional(
			Type.Array(
				Type.Array(
					Type.Union([
						Type.String({ minLength: 1 }),
						Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 256 }),
					]),
					{
						minItems: 2,
						maxItems: 16,
						description:
							"alternatives, each a program, several that belong together, or the file of an object: on each kernel the first one that loads and attaches is used, and the others are not loaded",
					},
				),
				{ maxItems: 64 },
			),
		),
		kernels: Type.Optional(
			Type.Object(
				{
					from: Type.Optional(Type.String({ pattern: "^\\d+\\.\\d+$", description: "first line promised" })),
					to: Type.Optional(Type.String({ pattern: "^\\d+\\.\\d+$", description: "last line promised" })),
					requires: Type.Optional(
						Type.Array(
							Type.String({
								pattern:
									"^(program_type|map_type|attach_type|link_type|helper|kfunc|lsm|config|module|btf):[A-Za-z0-9_./-]+$",
							}),
							{ description: "features the package cannot do without: `map_type:ringbuf`, `lsm:bpf`" },
						),
					),
				},
				closed,
			),
		),
		vectors: Type.Optional(
			Type.Array(Type.String({ minLength: 1 }), {
				description:
					"packet-vector files (.json, .yaml, .yml) and the captures (.pcap, .pcapng, also with .gz) that they take frames from",
			}),
		),
		chains: Type.Optional(Type.Array(Chain, { minItems: 1, maxItems: 64 })),
		token: Type.Optional(TokenSettings),
		takeover: Type.Optional(TakeoverSettings),
		guest: Type.Optional(GuestSettings),
		expect: Type.Optional(
			Type.Object({ failures: Type.Optional(Type.Array(ExpectedFailure, { maxItems: 1000 })) }, closed),
		),
	},
	{ ...closed, $id: "bpfgate-manifest", definitions: layersDefinition },
);
export type Manifest = Static<typeof Manifest>;
