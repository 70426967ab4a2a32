// SPDX-License-Identifier: Apache-2.0
import { openKernel } from "../../machine/kernel/store.js";
import { applicable, type Tried } from "./attempt.js";
import type { Hold } from "./hold.js";
import { holdsOf, hookKind, type TakenHook } from "./hooks.js";
import { tryAll } from "./own-stage.js";
import type { Technique } from "./technique.js";
import { techniques } from "./techniques/techniques.js";

/** `<hook> <hold> <technique>`: what became of it. */
export type Table = Record<string, string>;

const said = ({ result, errno }: Tried) => (errno === 0 ? result : `${result} ${errno}`);

export async function triedOn(id: string, hooks: readonly TakenHook[]): Promise<Table> {
	const kernel = await openKernel(id);
	const table: Table = {};
	for (const hook of hooks)
		for (const hold of holdsOf(hookKind(hook)))
			for (const [name, tried] of (await tryAll(kernel, hook, hold, techniques)) ?? [])
				table[`${hook} ${hold} ${name}`] = said(tried);
	return table;
}

/** All that fit the hooks take effect, but for these. */
export function expected(hooks: readonly TakenHook[], others: (hook: TakenHook, hold: Hold) => Table): Table {
	const all = hooks.flatMap((hook) =>
		holdsOf(hookKind(hook)).map((hold) => {
			const fitting = applicable({ kind: hookKind(hook), hold }, techniques);
			const but = others(hook, hold);
			return fitting.map(({ name }) => [`${hook} ${hold} ${name}`, but[name] ?? "took"] as const);
		}),
	);
	return Object.fromEntries(all.flat());
}

export const only = (answer: string, ...names: string[]): Table =>
	Object.fromEntries(names.map((name) => [name, answer]));

/** The results of techniques that do nothing. */
export async function idle(id: string, hook: TakenHook, hold: Hold, ...names: string[]): Promise<string[]> {
	const nothing = techniques
		.filter(({ name }) => names.includes(name))
		.map((technique): Technique => ({ ...technique, carryOut: async () => ({ call: "nothing", errno: 0 }) }));
	const tried = await tryAll(await openKernel(id), hook, hold, nothing);
	return [...tried!].map(([name, { result }]) => `${name} ${result}`);
}
