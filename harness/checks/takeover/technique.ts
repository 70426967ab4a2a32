// SPDX-License-Identifier: Apache-2.0
import type { Hold } from "./hold.js";
import type { HookKind, TakenHook } from "./hooks.js";
import type { HeldProgram, Stage } from "./stage.js";

/** What is taken: the hook itself, what keeps the program there, its data, or its watcher. */
export const techniqueGroups = ["hook", "way", "data", "watcher"] as const;
export type TechniqueGroup = (typeof techniqueGroups)[number];

/** What can betray a technique to a watcher; names of `watch-hooks --without`. */
export const signals = ["rtnetlink", "bpf", "inotify", "mountinfo", "poll"] as const;
export type Signal = (typeof signals)[number];

/** One way to take a hook, or what stands behind it. */
export interface Technique {
	/** `[a-z0-9-]+`; names it in cases, manifests and tables. */
	readonly name: string;
	readonly group: TechniqueGroup;
	/** One sentence: what it does. */
	readonly summary: string;
	/** Who can do it. */
	readonly needs: "root" | "nothing";
	readonly kinds: readonly HookKind[];
	/** How the program must be held for it; both by default. */
	readonly holds?: readonly Hold[];
	/** Signals that can betray it, the fastest first. */
	readonly betrayedBy: readonly Signal[];
	/** What to do about it: an imperative sentence without a full stop. */
	readonly advice: string;
	/**
	 * The program that takes the place, which is loaded before the watch begins: what it returns,
	 * and its hook where that is another.
	 */
	intruder?(stage: Stage): { verdict: number; hook?: TakenHook };
	/** Carries it out; `intruder` is there where the technique has one. */
	carryOut(stage: Stage, intruder: HeldProgram): Promise<Attempt>;
}

/** What became of an attempt. */
export interface Attempt {
	/** The call that decided, as a sentence names it: `BPF_LINK_UPDATE`. */
	readonly call: string;
	/** What the kernel answered: 0 when it did it. */
	readonly errno: number;
	/** The kernel lacks what the technique uses. */
	readonly lack?: string;
	/** How it shows that it took effect; by default no traffic meets the program any more. */
	readonly effect?: () => Promise<Effect>;
}

/** Whether a technique took effect, and what shows it. */
export interface Effect {
	readonly took: boolean;
	/** A clause: `0 of 7 packets met the program, 7 met the intruder`. */
	readonly shown: string;
}

/** Whether traffic still meets the program, or the intruder instead. */
export async function unmet(stage: Stage, intruder?: HeldProgram): Promise<Effect> {
	const { count, what } = stage.traffic;
	const runs = await stage.meets([stage.program, ...(intruder ? [intruder] : [])]);
	// The guest sends packets of its own too.
	const [program, other] = runs.map((each) => Math.min(each, count));
	const met = `${program} of ${count} ${what} met the program`;
	if (!intruder) return { took: program === 0, shown: met };
	return { took: program === 0 && other === count, shown: `${met}, ${other} met the intruder` };
}
