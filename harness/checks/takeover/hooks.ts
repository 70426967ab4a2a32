// SPDX-License-Identifier: Apache-2.0
import { type ChainHook, chainHooks } from "../../data/package/sections/chain-hooks.js";
import type { Hold } from "./hold.js";
import { type Point, points } from "./points.js";

/** A hook that several programs share, and that another can therefore take. */
export type SharedHook = ChainHook;

/** A shared hook, or one that a program has for itself. */
export type TakenHook = SharedHook | Point;

/** What kind of hook it is: techniques fit a kind. */
export type HookKind = "xdp" | "tc" | "tcx" | "netkit" | "cgroup" | Point;

export const isPoint = (hook: string): hook is Point => hook in points;

export function hookKind(hook: TakenHook): HookKind {
	if (isPoint(hook)) return hook;
	const [kind] = hook.split("_");
	return kind as HookKind;
}

/** A clsact filter is no link. */
export function holdsOf(kind: HookKind): readonly Hold[] {
	if (isPoint(kind)) return points[kind].holds;
	return kind === "tc" ? ["direct"] : ["link", "pinned", "direct"];
}

/** Name in `attachTypes` of a hook that bpf(2) attaches to; tc is rtnetlink's alone. */
export function attachTypeOf(hook: TakenHook): string | undefined {
	if (isPoint(hook)) return hook;
	const facts: { attachType?: string } = chainHooks[hook];
	if (hookKind(hook) === "tc") return undefined;
	return facts.attachType ?? hook;
}
