// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

export const bpfOperations = {
	/**
	 * The bpf(2) system call: `attr` is the kernel's union. Pointers to `blobs` and the file
	 * descriptors that `handles` name (see `Named` of schema.ts) are written at their offsets, with
	 * `blob` into that blob. `fd` is the handle of the file descriptor that the command returned.
	 * `blobs` of the result correspond to those of the arguments, those without `out` are empty;
	 * pointers in them are the agent's. File descriptors that BPF_PROG_TEST_RUN of a syscall
	 * program opened in the agent's process wait for `fd_adopt`.
	 */
	bpf: t.operation(
		t.object({
			cmd: t.U32,
			attr: Bytes(4096),
			blobs: t.optional(
				Type.Array(
					t.object({ offset: t.U32, blob: t.optional(t.U32), data: Bytes(), out: t.optional(t.Flag) }),
					{
						maxItems: 64,
					},
				),
			),
			handles: t.optional(
				Type.Array(
					t.object({
						offset: t.U32,
						handle: t.Handle,
						blob: t.optional(t.U32),
						program: t.optional(t.Text),
						map: t.optional(t.Text),
					}),
				),
			),
			...t.InNetns,
		}),
		t.object({
			ret: Type.Integer(),
			errno: t.Errno,
			fd: t.optional(t.Handle),
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
	fd_adopt: t.operation(
		t.object({ fds: t.optional(Type.Array(Type.Integer({ minimum: 0, maximum: 0x7fffffff }))) }),
		t.object({
			adopted: Type.Array(
				t.object({ fd: t.U32, handle: t.Handle, kind: t.oneOf("map", "program", "link", "btf") }),
			),
		}),
	),
	/**
	 * Takes copies of file descriptors of a process (pidfd_getfd(2), which needs what ptrace(2)
	 * does): those whose link in /proc/<pid>/fd begins with `file` (`anon_inode:[perf_event]`,
	 * `socket:`), at most 64, in no order. ESRCH, EPERM, ENOSYS before 5.6.
	 */
	fd_take: t.operation(
		t.object({ pid: t.uint(0x7fffffff), file: t.Text }),
		t.object({ handles: Type.Array(t.Handle) }),
	),
	/** ioctl(2); its argument is the file descriptor that `argument` names, else 0. */
	fd_ioctl: t.operation(
		t.object({ handle: t.Handle, request: t.U32, argument: t.optional(t.Named) }),
		t.object({ errno: t.Errno }),
	),
	/** setsockopt(2) of an int: the file descriptor that `value` names, else 0. */
	socket_option: t.operation(
		t.object({ handle: t.Handle, level: t.S32, option: t.S32, value: t.optional(t.Named) }),
		t.object({ errno: t.Errno }),
	),
	/** Closes a descriptor, or ends a user's process with all that it holds and waits for it. */
	close: t.operation(t.object({ handle: t.Handle }), t.Empty),
};
