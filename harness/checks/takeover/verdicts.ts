// SPDX-License-Identifier: Apache-2.0
import { type HookKind, isPoint } from "./hooks.js";
import { points } from "./points.js";

const XDP_DROP = 1;
const XDP_PASS = 2;
/** TC_ACT_OK, TCX_PASS and NETKIT_PASS alike: it ends the list. */
const PASS = 0;
/** TC_ACT_UNSPEC, TCX_NEXT and NETKIT_NEXT. */
const UNSPEC = -1;
const ALLOW = 1;

/** With it the intruder lets traffic pass and no program after it runs. */
export function passing(kind: HookKind): number {
	if (isPoint(kind)) return points[kind].verdict;
	if (kind === "xdp") return XDP_PASS;
	return kind === "cgroup" ? ALLOW : PASS;
}

/** With it the program lets traffic pass, and the list goes on where there is one. */
export function goingOn(kind: HookKind): number {
	return kind === "xdp" || kind === "cgroup" || isPoint(kind) ? passing(kind) : UNSPEC;
}

export { XDP_DROP as dropping };
