// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

/** Files and mounts of the guest: tmpfs, /proc, /sys, cgroups, bpffs. */
export const fileOperations = {
	/** At most `max` bytes (1 MiB by default, at most 48 MiB) from `offset` on. */
	file_read: t.operation(
		t.object({ path: t.Text, offset: t.optional(t.Size), max: t.optional(t.uint(48 << 20)), ...t.InNetns }),
		t.object({ data: Bytes(), eof: t.Flag }),
	),
	/** With `parents` the missing folders above the file are made, with mode 0755. */
	file_write: t.operation(
		t.object({
			path: t.Text,
			data: Bytes(),
			append: t.optional(t.Flag),
			parents: t.optional(t.Flag),
			mode: t.optional(t.uint(0o7777)),
			...t.InNetns,
		}),
		t.Empty,
	),
	/** Removes a file or an empty folder. */
	file_remove: t.operation(t.object({ path: t.Text }), t.Empty),
	/** `kind`: `file`, `dir`, `link` or `other`. */
	dir_list: t.operation(
		t.object({ path: t.Text }),
		t.object({ entries: Type.Array(t.object({ name: t.Text, kind: t.Text })) }),
	),
	/** Opens a folder or file for reading (a cgroup, a namespace), until `close`. */
	path_open: t.operation(t.object({ path: t.Text }), t.NewHandle),

	/** `name` may have parents, which must exist (`outer/inner`). */
	cgroup_add: t.operation(
		t.object({ name: Type.String({ minLength: 1, maxLength: 200 }) }),
		t.object({ path: t.Text }),
	),
	cgroup_del: t.operation(t.object({ name: Type.String({ minLength: 1, maxLength: 200 }) }), t.Empty),

	/** mount(2). Creates the folder `target` if it does not exist. */
	mount: t.operation(
		t.object({
			source: t.Text,
			target: t.Text,
			fstype: t.Text,
			flags: t.optional(t.U32),
			data: t.optional(t.Text),
			...t.InMntns,
		}),
		t.Empty,
	),
	/** EBUSY while a file of the mount or a token is open, unless `lazy` (MNT_DETACH). */
	unmount: t.operation(t.object({ target: t.Text, lazy: t.optional(t.Flag), ...t.InMntns }), t.Empty),

	/**
	 * fsopen(2): a file system to configure; it belongs to the user namespace of the caller. EPERM
	 * without CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
	 */
	fs_open: t.operation(t.object({ fstype: t.Text }), t.NewHandle),
	/**
	 * fsconfig(2): sets each option, one without `value` as a flag, and with `create` creates the
	 * file system. The GuestError has `set <key>` or `create` as `what`, and the kernel's messages
	 * as `log`. Old bpffs ignore unknown options; EPERM: delegation options need CAP_SYS_ADMIN in
	 * the initial user namespace.
	 */
	fs_config: t.operation(
		t.object({
			handle: t.Handle,
			options: t.optional(Type.Array(t.object({ key: t.Text, value: t.optional(t.Text) }))),
			create: t.optional(t.Flag),
		}),
		t.Empty,
	),
	/** fsmount(2): a detached mount of the file system; it is freed with its handle. */
	fs_mount: t.operation(t.object({ handle: t.Handle }), t.NewHandle),
	/** move_mount(2): attaches such a mount to a folder, which is created if it does not exist. */
	mount_move: t.operation(t.object({ handle: t.Handle, path: t.Text, ...t.InMntns }), t.Empty),
};
