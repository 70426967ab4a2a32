// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import {
	Empty,
	Errno,
	Flag,
	Handle,
	Named,
	object,
	operation,
	optional,
	Size,
	Text,
	U32,
	uint,
} from "./schema.js";

/** The kernel leaves out the fields that it does not know. */
export const ProgramInfo = object({
	id: U32,
	tag: Text,
	verified_insns: optional(Size),
	xlated_bytes: Size,
	jited_bytes: Size,
	memlock_bytes: optional(Size),
	load_wall_ns: Size,
	load_cpu_ns: Size,
});
export type ProgramInfo = Static<typeof ProgramInfo>;

export const ProgramLoad = object({
	name: Text,
	/** False when an earlier program, a map or the object itself failed first. */
	attempted: Flag,
	errno: Errno,
	/** The verifier's log: its statistics after success, the last `log_bytes` after failure. */
	log: Text,
	log_truncated: Flag,
	info: optional(ProgramInfo),
});
export type ProgramLoad = Static<typeof ProgramLoad>;

export const MapLoad = object({
	name: Text,
	attempted: Flag,
	errno: Errno,
	id: optional(U32),
	memlock_bytes: optional(Size),
});
export type MapLoad = Static<typeof MapLoad>;

/** The map that serves as template for the maps in a map of maps. */
const InnerMap = object({
	type: U32,
	key_size: U32,
	value_size: U32,
	max_entries: U32,
	flags: optional(U32),
});

const MapSettings = object({
	name: Text,
	type: optional(U32),
	key_size: optional(U32),
	value_size: optional(U32),
	max_entries: optional(U32),
	flags: optional(U32),
	numa_node: optional(U32),
	map_extra: optional(uint(2 ** 47)),
	autocreate: optional(Flag),
	/** Path in bpffs to be pinned at; empty: not pinned. Default: as the object says. */
	pin: optional(Text),
	initial_value: optional(Bytes()),
	inner: optional(InnerMap),
	reuse: optional(Named),
});

const ProgramSettings = object({
	name: Text,
	autoload: optional(Flag),
	/** No struct_ops map refers to it any more: those members of the maps are NULL. */
	left_out: optional(Flag),
	/** With the expected attach type and flags to add: for a section that libbpf does not know. */
	type: optional(U32),
	attach_type: optional(U32),
	flags: optional(U32),
	/** In place of that of `object_load`. */
	log_level: optional(uint(7)),
	target: optional(
		object({
			object: optional(Handle),
			program: optional(Text),
			function: optional(Text),
			extends: optional(Flag),
		}),
	),
});

export const objectOperations = {
	/**
	 * `bpf_object__open_file`, and settings before load. `reuse` makes a map stand for an existing
	 * one. A program's `target` is a function of the kernel, or of a program: either `program` of
	 * the object `object`, or the program that the handle `object` refers to
	 * (BPF_PROG_GET_FD_BY_ID); then `function` is required. A program that `extends` its target is
	 * loaded as BPF_PROG_TYPE_EXT (freplace), whatever its section says. `token_path` is the bpffs
	 * to create a BPF token from (bpf_token_path); loading fails if that fails. An empty
	 * `token_path` disables tokens. Without it libbpf uses LIBBPF_BPF_TOKEN_PATH, or tries
	 * /sys/fs/bpf and continues without a token.
	 */
	object_open: operation(
		object({
			path: Text,
			token_path: optional(Text),
			maps: optional(Type.Array(MapSettings)),
			programs: optional(Type.Array(ProgramSettings)),
		}),
		object({
			object: Handle,
			programs: Type.Array(
				object({ name: Text, section: Text, type: U32, attach_type: U32, insns: Size, autoload: Flag }),
			),
			maps: Type.Array(
				object({ name: Text, type: U32, key_size: U32, value_size: U32, max_entries: U32, flags: U32 }),
			),
			log: Text,
		}),
	),
	/**
	 * `bpf_object__load`: relocates and loads every autoload program. The kernel's refusal is not
	 * an `err`: `errno` is that of the whole object, and each program and map has its own.
	 * `log_level` as for BPF_PROG_LOAD (1 verbose, 2 more, 4 statistics). `coverage` loads programs
	 * with probes that `coverage_read` reads, where the kernel accepts them.
	 *
	 * With `adopt` a loader program has already created the object's maps and programs: each is the
	 * one that the handle (`fd_adopt`) refers to. Nothing is created or pinned, not even BTF, so a
	 * gatekeeper has nothing to refuse. The handles stay valid. `err`: ENOENT for a map or program
	 * that the object does not contain, or for a map without a handle; EINVAL for another type;
	 * EBADF for a handle of something else. A program without a handle gets errno ENOENT.
	 */
	object_load: operation(
		object({
			object: Handle,
			log_level: uint(7),
			log_bytes: uint(8 << 20),
			coverage: optional(Flag),
			adopt: optional(Type.Array(object({ program: optional(Text), map: optional(Text), handle: Handle }))),
		}),
		object({
			errno: Errno,
			log: Type.String({ description: "libbpf's messages" }),
			programs: Type.Array(ProgramLoad),
			maps: Type.Array(MapLoad),
		}),
	),
	/**
	 * Unloads the object, removes the pins that loading made, with their folders, and frees it:
	 * pins of maps that it reused stay. Its links stay until `detach`. EBUSY while a struct_ops map
	 * without BPF_F_LINK is attached.
	 */
	object_close: operation(object({ object: Handle }), Empty),
};
