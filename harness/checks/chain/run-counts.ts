// SPDX-License-Identifier: Apache-2.0

import { countRuns } from "../../machine/guest/bpf-objects.js";
import { arrivedRuns } from "./arrival.js";
import type { ChainPrograms } from "./chain-programs.js";
import type { MemberRun, OrderRecorder } from "./order-recorder.js";

type Counted = Pick<ChainPrograms, "guest" | "runCounts" | "loaded" | "entriesOf"> & {
	recorder: Pick<OrderRecorder, "read">;
};

/** By number in the recorder. */
type Counts = ReadonlyMap<number, number>;

/** The runs of members during an action. */
export interface Watched<T> {
	outcome: T;
	/** In the order in which they ended. */
	runs: MemberRun[];
	/** The kernel's counts differ from what was recorded: a sentence. */
	miscounted?: string;
}

/** Compares the kernel's own counters of runs with what the recorder saw. */
export class RunCounts {
	private statistics: number | undefined;

	/** @param counted whether the kernel counts runs of these entries */
	constructor(
		private readonly programs: Counted,
		private readonly counted: boolean,
	) {}

	/** Statistics stay on until `close`, because switching them patches the kernel's code. */
	private async begin(): Promise<void> {
		if (this.counted) this.statistics ??= (await countRuns(this.programs.guest.client)).handle;
	}

	private async read(): Promise<Counts | undefined> {
		if (!this.counted) return undefined;
		const counts = await this.programs.runCounts();
		return new Map([...counts].map(([entry, runs]) => [this.programs.loaded(entry).number, runs]));
	}

	/**
	 * @param all whether all runs of the action have arrived
	 * @param caused whether the action caused a run: the guest sends packets of its own too
	 */
	async watch<T>(
		action: () => Promise<T>,
		all: (runs: readonly MemberRun[], outcome: T) => boolean,
		caused: (run: MemberRun) => boolean,
	): Promise<Watched<T>> {
		const { recorder } = this.programs;
		await this.begin();
		// The agent does these in order: caused runs are counted once they were recorded, and
		// counted runs are recorded later.
		const [, before, outcome, first, counted, rest] = await Promise.all([
			...([recorder.read(), this.read(), action()] as const),
			...([recorder.read(), this.read(), recorder.read()] as const),
		]);
		let [after, runs] = [counted, [...first, ...rest]];
		if (!all(first, outcome)) {
			runs = await arrivedRuns(recorder, runs, (arrived) => all(arrived, outcome));
			const [late, more] = await Promise.all([this.read(), recorder.read()]);
			[after, runs] = [late, [...runs, ...more]];
		}
		const miscounted = before && after && this.compare(before, after, runs, caused);
		return { outcome, runs, ...(miscounted === undefined ? {} : { miscounted }) };
	}

	/** A sentence for the first entry with fewer counted runs than caused, or than recorded. */
	private compare(
		before: Counts,
		after: Counts,
		runs: readonly MemberRun[],
		caused: (run: MemberRun) => boolean,
	): string | undefined {
		for (const [number, count] of after) {
			const counted = count - (before.get(number) ?? 0);
			const recorded = runs.filter(({ member }) => member === number);
			if (counted <= recorded.length && counted >= recorded.filter(caused).length) continue;
			const [traced] = this.programs.entriesOf([{ member: number, empty: false, timeNs: 0n }]);
			return `the kernel counted ${counted} runs of ${traced?.entry.member.label}, but ${recorded.length} were recorded`;
		}
		return undefined;
	}

	async close(): Promise<void> {
		const handle = this.statistics;
		this.statistics = undefined;
		if (handle !== undefined) await this.programs.guest.client.call("close", { handle });
	}
}
