// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { EBUSY, EINVAL, ENOENT, EPERM } from "../../base/errno.js";
import { openKernel } from "../../machine/kernel/store.js";
import { applicable, type Tried } from "./attempt.js";
import { type Hold, holdsOf, hookKind, type SharedHook } from "./hooks.js";
import { tryAll } from "./own-stage.js";
import type { Technique } from "./technique.js";
import { techniques } from "./techniques/techniques.js";

/** `<hook> <hold> <technique>`: what became of it. */
type Table = Record<string, string>;

const said = ({ result, errno }: Tried) => (errno === 0 ? result : `${result} ${errno}`);

async function triedOn(id: string, hooks: readonly SharedHook[]): Promise<Table> {
	const kernel = await openKernel(id);
	const table: Table = {};
	for (const hook of hooks)
		for (const hold of holdsOf(hookKind(hook)))
			for (const [name, tried] of (await tryAll(kernel, hook, hold, techniques)) ?? [])
				table[`${hook} ${hold} ${name}`] = said(tried);
	return table;
}

/** All that fit the hooks take effect, but for these. */
function expected(hooks: readonly SharedHook[], others: (hook: SharedHook, hold: Hold) => Table): Table {
	const all = hooks.flatMap((hook) =>
		holdsOf(hookKind(hook)).map((hold) => {
			const fitting = applicable({ kind: hookKind(hook), hold }, techniques);
			const but = others(hook, hold);
			return fitting.map(({ name }) => [`${hook} ${hold} ${name}`, but[name] ?? "took"] as const);
		}),
	);
	return Object.fromEntries(all.flat());
}

/** What the kernel refuses: a link keeps out all but those who open the link. */
function refusals(hook: SharedHook, hold: Hold): Table {
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
	}
}

const only = (answer: string, ...names: string[]): Table =>
	Object.fromEntries(names.map((name) => [name, answer]));

it("on 7.3 each technique takes effect, or is refused by the kernel", async () => {
	const tc: SharedHook[] = ["tc_ingress", "tc_egress", "tcx_ingress"];
	const hooks: SharedHook[] = ["xdp", ...tc, "netkit_primary", "cgroup_connect4"];
	expect(await triedOn("7.3", hooks)).toEqual(expected(hooks, refusals));
});

it("on 5.10 the same, without tcx and netkit", async () => {
	const hooks: SharedHook[] = ["xdp", "tc_ingress", "cgroup_connect4"];
	const lacking = { "tcx-before-clsact": `lacking ${EINVAL}` };
	const others = (hook: SharedHook, hold: Hold) => (hookKind(hook) === "tc" ? lacking : refusals(hook, hold));
	expect(await triedOn("5.10", [...hooks, "tcx_ingress", "netkit_peer"])).toEqual(expected(hooks, others));
});

it("a technique that does nothing has no effect", async () => {
	const idle = techniques
		.filter(({ name }) => name === "xdp-removed" || name === "xdp-replaced")
		.map(
			(technique): Technique => ({
				...technique,
				carryOut: async () => ({ call: "nothing", errno: 0 }),
			}),
		);
	const tried = await tryAll(await openKernel("5.10"), "xdp", "direct", idle);
	expect([...tried!.values()].map(({ result }) => result)).toEqual(["no-effect", "no-effect"]);
});
