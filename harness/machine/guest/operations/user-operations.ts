// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import * as t from "./schema.js";

const Id = t.uint(0x7fffffff);
const IdMap = Type.Array(t.object({ inside: Id, outside: Id, count: t.optional(Id) }), { maxItems: 64 });

/** Processes that run operations under another identity, and BPF tokens. */
export const userOperations = {
	/**
	 * Starts a process that runs operations as another user: every operation with the argument
	 * `user` runs in that process, which has its own handles. Ids are those of the initial user
	 * namespace. It gets new namespaces as in `unshare`; the user namespace is created first and
	 * owns the others, with `uid_map` and `gid_map` (user_namespaces(7); by default `uid` and `gid`
	 * map to 0 and each of `groups` to itself). With `join` it enters the namespaces of another
	 * user. In a new or joined user namespace it has every capability, in the initial one those of
	 * uid 0 or none; `capabilities` (`CAP_BPF`) limits it permanently to these, also in programs
	 * that it executes. `env` (`NAME=value`) is added to libbpf's environment.
	 *
	 * It ends with `close`. Without answer or progress for `patience_ms` (10 s by default) it is
	 * killed: ETIMEDOUT; the same after an invalid answer: EPROTO. EOWNERDEAD: it ended by itself.
	 * Other errors: that of the step that failed, EPERM where user namespaces are disabled.
	 */
	user_start: t.operation(
		t.object({
			uid: Id,
			gid: Id,
			groups: t.optional(Type.Array(Id, { maxItems: 64 })),
			unshare: t.optional(Type.Array(t.oneOf("user", "mnt", "net"), { uniqueItems: true, maxItems: 3 })),
			uid_map: t.optional(IdMap),
			gid_map: t.optional(IdMap),
			join: t.optional(t.Handle),
			capabilities: t.optional(Type.Array(t.Text)),
			env: t.optional(Type.Array(t.Text, { maxItems: 64 })),
			patience_ms: t.optional(t.uint(600_000, 1)),
			...t.InNetns,
		}),
		t.object({ user: t.Handle, pid: Type.Integer({ minimum: 2 }) }),
	),
	/**
	 * Passes a file descriptor over a unix socket (SCM_RIGHTS) from the user `from` to the user
	 * `to`; the agent stands for the one that is not given. The sender keeps its own. EBADF: there
	 * is no such handle, or it has no file descriptor.
	 */
	fd_pass: t.operation(
		t.object({ ...t.Named.properties, from: t.optional(t.Handle), to: t.optional(t.Handle) }),
		t.NewHandle,
	),

	/**
	 * BPF_TOKEN_CREATE on the root of a bpffs: at `path`, or of the mount `handle` (`fs_mount`);
	 * with `folder` on that folder of it, which is created if it does not exist. `handle` of the
	 * result is the token, for `bpf` and `fd_pass`. `what` of a GuestError names the step: opening
	 * or creating. EACCES: the folder cannot be opened; EPERM: not the mount's user namespace, or
	 * no CAP_BPF in it; EOPNOTSUPP: the initial user namespace; ENOENT: nothing is delegated;
	 * EINVAL: not a bpffs, not its root, or a kernel without tokens.
	 *
	 * Kernel: `bpf_token_create`, kernel/bpf/token.c.
	 */
	token_create: t.operation(
		t.object({ path: t.optional(t.Text), handle: t.optional(t.Handle), folder: t.optional(t.Text) }),
		t.NewHandle,
	),
};
