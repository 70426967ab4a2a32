// SPDX-License-Identifier: Apache-2.0
import { GuestError } from "../../machine/guest/guest-error.js";
import type { DispatcherStage } from "./dispatcher-stage.js";
import type { MapStage } from "./map-stage.js";
import type { HeldProgram, Stage } from "./stage.js";
import { type Attempt, type Effect, type Technique, unmet } from "./technique.js";
import type { DispatcherTechnique } from "./techniques/dispatchers.js";
import type { MapTechnique } from "./techniques/maps.js";

/**
 * What a technique did: it `took` the hook, the kernel `refused` it, the kernel is `lacking` what
 * it uses, or the kernel did it and it had `no-effect`, which proves nothing. `nothing`: it was not
 * carried out, on purpose.
 */
export interface Tried {
	result: "took" | "refused" | "lacking" | "no-effect" | "nothing";
	call: string;
	errno: number;
	/** A clause; of what a kernel lacks, too. */
	shown: string;
}

/** The program that takes the place, loaded; undefined for a technique without one. */
export async function loadIntruder(stage: Stage, technique: Technique): Promise<HeldProgram | undefined> {
	const wanted = technique.intruder?.(stage);
	return wanted && stage.intruder(wanted.verdict, wanted.hook);
}

/** Carries a technique out and sees, by live traffic, whether it took effect. */
export function tryTechnique(stage: Stage, technique: Technique, intruder?: HeldProgram): Promise<Tried> {
	// A technique without an intruder reads none.
	return tried(
		() => technique.carryOut(stage, intruder ?? stage.program),
		() => unmet(stage, intruder),
	);
}

/** The same for a map, by what its owner reads and may write. */
export function tryOnMap(stage: MapStage, technique: MapTechnique): Promise<Tried> {
	return tried(
		() => technique.carryOut(stage),
		() => stage.changed(),
	);
}

/** The same for a member of a dispatcher, by the packets that it should drop. */
export function tryOnDispatcher(stage: DispatcherStage, technique: DispatcherTechnique): Promise<Tried> {
	return tried(
		() => technique.carryOut(stage),
		() => stage.unmet(),
	);
}

/** How often it is looked for an effect of what the kernel did. */
const looks = 10;

async function tried(carryOut: () => Promise<Attempt>, usual: () => Promise<Effect>): Promise<Tried> {
	const { call, errno, lack, effect = usual } = await carriedOut(carryOut);
	if (lack !== undefined) return { result: "lacking", call, errno, shown: lack };
	let { took, shown } = await effect();
	// The kernel frees links and programs later.
	for (let look = 1; errno === 0 && !took && look < looks; look++) ({ took, shown } = await effect());
	if (took) return { result: "took", call, errno, shown };
	return { result: errno === 0 ? "no-effect" : "refused", call, errno, shown };
}

async function carriedOut(carryOut: () => Promise<Attempt>): Promise<Attempt> {
	try {
		return await carryOut();
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		return { call: error.what, errno: error.errno };
	}
}

/** Techniques of a table that fit how a program is attached. */
export function applicable(
	{ kind, hold }: Pick<Stage, "kind" | "hold">,
	techniques: readonly Technique[],
): Technique[] {
	return techniques.filter(
		({ kinds, holds }) => kinds.includes(kind) && (holds === undefined || holds.includes(hold)),
	);
}
