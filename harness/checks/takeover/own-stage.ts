// SPDX-License-Identifier: Apache-2.0

import { agentPath } from "../../machine/guest/build.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { applicable, loadIntruder, type Tried, tryOnDispatcher, tryTechnique } from "./attempt.js";
import { DispatcherStage } from "./dispatcher-stage.js";
import type { Hold } from "./hold.js";
import { hookKind, type TakenHook } from "./hooks.js";
import { HookRefused, loadStandIn, Stage } from "./stage.js";
import type { Technique } from "./technique.js";
import { dispatcherTechniques } from "./techniques/dispatchers.js";
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

/** Each technique that fits, in a guest of its own; undefined where the kernel lacks the hook. */
export async function tryAll(
	kernel: Kernel,
	hook: TakenHook,
	hold: Hold,
	techniques: readonly Technique[],
): Promise<Map<string, Tried> | undefined> {
	const tried = new Map<string, Tried>();
	for (const technique of applicable({ kind: hookKind(hook), hold }, techniques)) {
		const guest = await machines.clone(kernel);
		try {
			const stage = await standInStage(guest, hook, hold);
			const intruder = await loadIntruder(stage, technique);
			tried.set(technique.name, await tryTechnique(stage, technique, intruder));
		} catch (error) {
			if (error instanceof HookRefused) return undefined;
			throw error;
		} finally {
			await guest.dispose();
		}
	}
	return tried;
}
