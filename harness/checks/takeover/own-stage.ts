// SPDX-License-Identifier: Apache-2.0

import { agentPath } from "../../machine/guest/build.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { applicable, loadIntruder, type Tried, tryOnDispatcher, tryTechnique } from "./attempt.js";
import { builtInWatcher } from "./detectors.js";
import { DispatcherStage } from "./dispatcher-stage.js";
import type { Hold } from "./hold.js";
import { hookKind, type TakenHook } from "./hooks.js";
import { HookRefused, loadStandIn, Stage } from "./stage.js";
import type { Technique } from "./technique.js";
import { dispatcherTechniques } from "./techniques/dispatchers.js";
import { underWatch } from "./under-watch.js";
import { goingOn } from "./verdicts.js";

const machines = new Machines({ agent: agentPath });

/** A program of bpfgate's own at a hook, in place of a package's. */
export async function standInStage(guest: Guest, hook: TakenHook, hold: Hold): Promise<Stage> {
	const { errno, held } = await loadStandIn(guest, hook, goingOn(hookKind(hook)), hold);
	if (errno !== 0) throw new HookRefused(hook, errno);
	return Stage.open(guest, hook, hold, held);
}

/** Each technique of a dispatcher's slots, in a guest of its own. */
export async function tryOnDispatchers(kernel: Kernel): Promise<Map<string, Tried>> {
	const tried = new Map<string, Tried>();
	for (const technique of dispatcherTechniques) {
		const guest = await machines.clone(kernel);
		try {
			tried.set(technique.name, await tryOnDispatcher(await DispatcherStage.open(guest), technique));
		} finally {
			await guest.dispose();
		}
	}
	return tried;
}

/** What became of a technique, and of an alarm where the built-in watcher watched. */
export type Answer = Tried & { alarm?: { signal?: string; latencyMs?: number } };

/**
 * Each technique that fits, in a guest of its own; undefined where the kernel lacks the hook.
 * @param watched the built-in watcher watches
 */
export async function tryAll(
	kernel: Kernel,
	hook: TakenHook,
	hold: Hold,
	techniques: readonly Technique[],
	watched = false,
): Promise<Map<string, Answer> | undefined> {
	const tried = new Map<string, Answer>();
	for (const technique of applicable({ kind: hookKind(hook), hold }, techniques)) {
		const guest = await machines.clone(kernel);
		try {
			const stage = await standInStage(guest, hook, hold);
			const intruder = await loadIntruder(stage, technique);
			const attempt = () => tryTechnique(stage, technique, intruder);
			tried.set(technique.name, watched ? await watchedAttempt(guest, stage, attempt) : await attempt());
		} catch (error) {
			if (error instanceof HookRefused) return undefined;
			throw error;
		} finally {
			await guest.dispose();
		}
	}
	return tried;
}

async function watchedAttempt(guest: Guest, stage: Stage, attempt: () => Promise<Tried>): Promise<Answer> {
	const netns = stage.device?.netns;
	const { tried, early, alarms, latencyMs } = await underWatch(guest, builtInWatcher(), {
		...(netns === undefined ? {} : { netns }),
		quiet: () => stage.meets([stage.program]),
		attempt,
	});
	if (early) throw new Error(`an alarm before anything happened: ${early.text}`);
	const [first] = alarms;
	if (!first) return tried;
	const { signal } = first;
	const alarm = {
		...(signal === undefined ? {} : { signal }),
		...(latencyMs === undefined ? {} : { latencyMs }),
	};
	return { ...tried, alarm };
}
