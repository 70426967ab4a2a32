// SPDX-License-Identifier: Apache-2.0
import type { Parts } from "./parts.js";
import { countRuns } from "./program-info.js";
import type { MemberRun } from "./recorder.js";

/** The kernel's own counters of runs, beside what the recorder saw. */
export class RunCounts {
	private statistics: number | undefined;

	constructor(private readonly parts: Parts) {}

	/** Statistics stay on until `close`: switching them patches the kernel's code. */
	async begin(): Promise<void> {
		this.statistics ??= (await countRuns(this.parts.guest)).handle;
	}

	/** By number in the recorder. */
	async read(): Promise<Map<number, number>> {
		const counts = await this.parts.runCounts();
		return new Map([...counts].map(([part, runs]) => [this.parts.loaded(part).number, runs]));
	}

	/**
	 * @param recorded from before `before` was read to before `after` was read
	 * @param caused those of `recorded` that are bpfgate's own doing: packets of the guest's own may come when nobody counts
	 * @returns a sentence for the first part of which fewer runs were counted than caused, or more than recorded
	 */
	compare(
		before: ReadonlyMap<number, number>,
		after: ReadonlyMap<number, number>,
		recorded: readonly MemberRun[],
		caused: readonly MemberRun[],
	): string | undefined {
		const of = (runs: readonly MemberRun[], number: number) =>
			runs.filter(({ member }) => member === number).length;
		for (const [number, count] of after) {
			const counted = count - (before.get(number) ?? 0);
			if (counted <= of(recorded, number) && counted >= of(caused, number)) continue;
			const [meeting] = this.parts.meetings([{ member: number, empty: false, timeNs: 0n }]);
			return `the kernel counted ${counted} runs of ${meeting?.part.member.label}, of which ${of(recorded, number)} were recorded`;
		}
		return undefined;
	}

	async close(): Promise<void> {
		const handle = this.statistics;
		this.statistics = undefined;
		if (handle !== undefined) await this.parts.guest.client.call("close", { handle });
	}
}
