// SPDX-License-Identifier: Apache-2.0

/**
 * What keeps a program at its hook: a `link` (BPF_LINK_CREATE) that a process holds, a link that is
 * `pinned` and that no process holds, or `direct`, no link at all (rtnetlink, a tc filter,
 * BPF_PROG_ATTACH).
 */
export type Hold = "link" | "pinned" | "direct";
