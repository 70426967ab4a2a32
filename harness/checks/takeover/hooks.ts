// SPDX-License-Identifier: Apache-2.0
import { type ChainHook, chainHooks } from "../../data/package/sections/chain-hooks.js";

/** A hook that several programs share, and that another can therefore take. */
export type SharedHook = ChainHook;

/** What kind of hook it is: techniques fit a kind. */
export type HookKind = "xdp" | "tc" | "tcx" | "netkit" | "cgroup";

export function hookKind(hook: SharedHook): HookKind {
	const [kind] = hook.split("_");
	return kind as HookKind;
}

/**
 * What keeps a program at its hook: a `link` (BPF_LINK_CREATE) that a process holds, a link that is
 * `pinned` and that no process holds, or `direct`, no link at all (rtnetlink, a tc filter,
 * BPF_PROG_ATTACH).
 */
export type Hold = "link" | "pinned" | "direct";

/** A clsact filter is no link. */
export function holdsOf(kind: HookKind): readonly Hold[] {
	return kind === "tc" ? ["direct"] : ["link", "pinned", "direct"];
}

/** Name in `attachTypes` of a hook that bpf(2) attaches to; tc is rtnetlink's alone. */
export function attachTypeOf(hook: SharedHook): string | undefined {
	const facts: { attachType?: string } = chainHooks[hook];
	if (hookKind(hook) === "tc") return undefined;
	return facts.attachType ?? hook;
}
