// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import {
	Empty,
	Flag,
	Handle,
	InMntns,
	InNetns,
	NewHandle,
	object,
	operation,
	optional,
	Size,
	Text,
	U32,
	uint,
} from "./schema.js";

/** Files and mounts of the guest: tmpfs, /proc, /sys, cgroups, bpffs. */
export const fileOperations = {
	/** At most `max` bytes (1 MiB by default, at most 48 MiB) from `offset` on. */
	file_read: operation(
		object({ path: Text, offset: optional(Size), max: optional(uint(48 << 20)), ...InNetns }),
		object({ data: Bytes(), eof: Flag }),
	),
	file_write: operation(
		object({
			path: Text,
			data: Bytes(),
			append: optional(Flag),
			mode: optional(uint(0o7777)),
			...InNetns,
		}),
		Empty,
	),
	/** Removes a file or an empty folder. */
	file_remove: operation(object({ path: Text }), Empty),
	/** `kind`: `file`, `dir`, `link` or `other`. */
	dir_list: operation(
		object({ path: Text }),
		object({ entries: Type.Array(object({ name: Text, kind: Text })) }),
	),
	/** Opens a folder or file for reading (a cgroup, a namespace), until `close`. */
	path_open: operation(object({ path: Text }), NewHandle),

	/** `name` may have parents, which must exist (`outer/inner`). */
	cgroup_add: operation(
		object({ name: Type.String({ minLength: 1, maxLength: 200 }) }),
		object({ path: Text }),
	),
	cgroup_del: operation(object({ name: Type.String({ minLength: 1, maxLength: 200 }) }), Empty),

	/** mount(2). Creates the folder `target` if it does not exist. */
	mount: operation(
		object({
			source: Text,
			target: Text,
			fstype: Text,
			flags: optional(U32),
			data: optional(Text),
			...InMntns,
		}),
		Empty,
	),
	/** EBUSY while a file of the mount or a token is open, unless `lazy` (MNT_DETACH). */
	unmount: operation(object({ target: Text, lazy: optional(Flag), ...InMntns }), Empty),

	/**
	 * fsopen(2): a file system to configure; it belongs to the user namespace of the caller. EPERM
	 * without CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
	 */
	fs_open: operation(object({ fstype: Text }), NewHandle),
	/**
	 * fsconfig(2): sets each option, one without `value` as a flag, and with `create` creates the
	 * file system. The GuestError has `set <key>` or `create` as `what`, and the kernel's messages
	 * as `log`. Old bpffs ignore unknown options; EPERM: delegation options need CAP_SYS_ADMIN in
	 * the initial user namespace.
	 */
	fs_config: operation(
		object({
			handle: Handle,
			options: optional(Type.Array(object({ key: Text, value: optional(Text) }))),
			create: optional(Flag),
		}),
		Empty,
	),
	/** fsmount(2): a detached mount of the file system; it is freed with its handle. */
	fs_mount: operation(object({ handle: Handle }), NewHandle),
	/** move_mount(2): attaches such a mount to a folder, which is created if it does not exist. */
	mount_move: operation(object({ handle: Handle, path: Text, ...InMntns }), Empty),
};
