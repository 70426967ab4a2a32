// SPDX-License-Identifier: Apache-2.0
import { type Static, type TProperties, type TSchema, Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";

/** Schemas that several topics of operations share. Sizes in bytes, `_ns` in nanoseconds. */

/** An object with these properties and no others. */
export const object = <P extends TProperties>(properties: P) =>
	Type.Object(properties, { additionalProperties: false });

/** One operation: the schemas of its arguments and of its result. */
export const operation = <A extends TSchema, R extends TSchema>(args: A, result: R) => ({ args, result });

/** An integer from 0 to `maximum`, as `args_uint` of args.h takes it. */
export const uint = (maximum: number, minimum = 0) => Type.Integer({ minimum, maximum });

export const oneOf = <const Words extends readonly string[]>(...words: Words) =>
	Type.Unsafe<Words[number]>({ type: "string", enum: [...words] });

export const optional = Type.Optional;
export const Text = Type.String();
export const Flag = Type.Boolean();
export const U32 = uint(0xffffffff);
export const S32 = Type.Integer({ minimum: -0x80000000, maximum: 0x7fffffff });
export const Size = Type.Integer({ minimum: 0 });
/** 0 for success. */
export const Errno = Type.Integer({ minimum: 0 });
export const Ifindex = uint(0x7fffffff, 1);
/** Names an object, link, user or file descriptor that the agent holds; never reused. */
export const Handle = uint(0xffffffff, 1);
export const Empty = object({});
export const NewHandle = object({ handle: Handle });

/** The network namespace (`netns_add`) to work in; the guest's initial one by default. */
export const InNetns = { netns: optional(Handle) };

/** The mount namespace to work in: a handle of `/proc/<pid>/ns/mnt` (`path_open`). */
export const InMntns = { mntns: optional(Handle) };

/** A file descriptor: a handle's own, an attachment's link, an object's program or map. */
export const Named = object({ handle: Handle, program: optional(Text), map: optional(Text) });

/**
 * The guest's answer when an operation fails. `errno` is the kernel's (positive); from 4000 on it
 * is libbpf's own (LIBBPF_ERRNO__*, libbpf_legacy.h): 4000 is a file that is not a valid ELF
 * object, 4003 a foreign byte order. `what` names the step that failed.
 */
export const GuestFailure = object({
	errno: Errno,
	what: Type.String({ maxLength: 4096 }),
	log: optional(Type.String({ description: "libbpf's messages" })),
});
export type GuestFailure = Static<typeof GuestFailure>;

/** Operations to run while the guest is busy, the whole list `rounds` times (default 1). */
export const During = {
	during: optional(
		Type.Array(object({ op: Text, args: Type.Unsafe<unknown>({ type: "object" }) }), { maxItems: 65536 }),
	),
	rounds: optional(uint(65536, 1)),
};

/** For each operation of `during`: the work's progress before and after, and the outcome. */
export const DoneDuring = Type.Array(
	object({ from: U32, to: U32, ok: optional(Type.Unknown()), err: optional(GuestFailure) }),
);

const Element = { key: optional(Bytes()), value: optional(Bytes()), flags: optional(U32) };

/** Entries without a header each: keys and values, one after the other, in one order. */
export const PackedEntries = object({ keys: Bytes(), values: Bytes() });

/**
 * One element to write into a map; see `map_write`. `flags` as for BPF_MAP_UPDATE_ELEM: 0 create
 * or update, 1 only create, 2 only update.
 */
export const WrittenElement = object({
	...Element,
	inner: optional(Type.Array(object(Element))),
	packed: optional(PackedEntries),
	program: optional(Text),
	socket: optional(Handle),
});

/** What is written into one map; see `map_write`. */
export const Writing = {
	map: Text,
	packed: optional(PackedEntries),
	entries: optional(Type.Array(WrittenElement)),
};

/** An entry of a map. A per-CPU value is one value per CPU, each of `value_size` bytes. */
export const MapEntry = object({ key: Bytes(), value: Bytes() });
export type MapEntry = Static<typeof MapEntry>;

/** Events of one map, as `events_drain` returns them. */
export const DrainedEvents = object({ events: Type.Array(Bytes()), lost: Size, more: Flag });
