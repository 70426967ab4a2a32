// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { EBUSY, EINVAL, ENOENT, EPERM } from "../../base/errno.js";
import type { Hold } from "./hold.js";
import { hookKind, type TakenHook } from "./hooks.js";
import { expected, idle, only, type Table, triedOn } from "./testtechniques.js";

/** What the kernel refuses: a link keeps out all but those who open the link. */
function refusals(hook: TakenHook, hold: Hold): Table {
	const linked = hold !== "direct";
	switch (hookKind(hook)) {
		case "xdp":
			return linked ? only(`refused ${EBUSY}`, "xdp-replaced", "xdp-removed", "xdp-mode-changed") : {};
		case "cgroup":
			return linked ? only(`refused ${ENOENT}`, "program-replaced", "program-detached") : {};
		case "tcx":
		case "netkit":
			return {
				...(linked ? only(`refused ${EBUSY}`, "program-replaced", "program-detached") : {}),
				"detached-by-any-user": `refused ${EPERM}`,
			};
		case "tc":
			return hook === "tc_egress" ? { "xdp-in-front": "lacking" } : {};
		default:
			throw new Error(`${hook} is not shared`);
	}
}

it("on 7.3 each technique takes effect, or is refused by the kernel", async () => {
	const tc: TakenHook[] = ["tc_ingress", "tc_egress", "tcx_ingress"];
	const hooks: TakenHook[] = ["xdp", ...tc, "netkit_primary", "cgroup_connect4"];
	expect(await triedOn("7.3", hooks)).toEqual(expected(hooks, refusals));
});

it("on 5.10 the same, without tcx and netkit", async () => {
	const hooks: TakenHook[] = ["xdp", "tc_ingress", "cgroup_connect4"];
	const lacking = { "tcx-before-clsact": `lacking ${EINVAL}` };
	const others = (hook: TakenHook, hold: Hold) => (hookKind(hook) === "tc" ? lacking : refusals(hook, hold));
	expect(await triedOn("5.10", [...hooks, "tcx_ingress", "netkit_peer"])).toEqual(expected(hooks, others));
});

it("a technique that does nothing has no effect", async () => {
	expect(await idle("5.10", "xdp", "direct", "xdp-removed", "xdp-replaced", "function-replaced")).toEqual([
		"xdp-replaced no-effect",
		"xdp-removed no-effect",
		"function-replaced no-effect",
	]);
	expect(await idle("7.3", "cgroup_connect4", "link", "process-moved")).toEqual(["process-moved no-effect"]);
});
