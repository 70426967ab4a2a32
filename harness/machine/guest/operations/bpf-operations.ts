// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import {
	Empty,
	Errno,
	Flag,
	Handle,
	InNetns,
	object,
	oneOf,
	operation,
	optional,
	Text,
	U32,
} from "./schema.js";

/** bpf(2) without libbpf, and file descriptors by handle. */
export const bpfOperations = {
	/**
	 * The bpf(2) system call: `attr` is the kernel's union. Pointers to `blobs` and the file
	 * descriptors that `handles` name (see `Named` of schema.ts) are written at their offsets, with
	 * `blob` into that blob. `fd` is the handle of the file descriptor that the command returned.
	 * `blobs` of the result correspond to those of the arguments, those without `out` are empty;
	 * pointers in them are the agent's. File descriptors that BPF_PROG_TEST_RUN of a syscall
	 * program opened in the agent's process wait for `fd_adopt`.
	 */
	bpf: operation(
		object({
			cmd: U32,
			attr: Bytes(4096),
			blobs: optional(
				Type.Array(object({ offset: U32, blob: optional(U32), data: Bytes(), out: optional(Flag) }), {
					maxItems: 64,
				}),
			),
			handles: optional(
				Type.Array(
					object({
						offset: U32,
						handle: Handle,
						blob: optional(U32),
						program: optional(Text),
						map: optional(Text),
					}),
				),
			),
			...InNetns,
		}),
		object({
			ret: Type.Integer(),
			errno: Errno,
			fd: optional(Handle),
			attr: Bytes(),
			blobs: Type.Array(Bytes()),
		}),
	),
	/**
	 * Handles for the maps, programs, links and BTF that programs run by `bpf` opened in the
	 * agent's process, by the file descriptor numbers that a loader wrote into its context; without
	 * `fds` for all that have no handle yet, as after a loader that failed midway. EBADF: there is
	 * no such file descriptor; the agent's own cannot be adopted.
	 */
	fd_adopt: operation(
		object({ fds: optional(Type.Array(Type.Integer({ minimum: 0, maximum: 0x7fffffff }))) }),
		object({
			adopted: Type.Array(object({ fd: U32, handle: Handle, kind: oneOf("map", "program", "link", "btf") })),
		}),
	),
	/** Closes a descriptor, or ends a user's process with all that it holds and waits for it. */
	close: operation(object({ handle: Handle }), Empty),
};
