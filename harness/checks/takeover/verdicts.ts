// SPDX-License-Identifier: Apache-2.0
import type { HookKind } from "./hooks.js";

const XDP_DROP = 1;
const XDP_PASS = 2;
/** TC_ACT_OK, TCX_PASS and NETKIT_PASS alike: it ends the list. */
const PASS = 0;
const ALLOW = 1;

/** With it the intruder lets traffic pass and no program after it runs. */
export function passing(kind: HookKind): number {
	if (kind === "xdp") return XDP_PASS;
	return kind === "cgroup" ? ALLOW : PASS;
}

export { XDP_DROP as dropping };
