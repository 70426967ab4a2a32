// SPDX-License-Identifier: Apache-2.0
import { createLogUpdate } from "log-update";
import { printable } from "../../base/printable.js";
import { isOtherVariant, type Results } from "../../base/results.js";
import { type Cell, cellOf, cellWords, groupBy, key, type Verdict, verdictOf } from "../../report/cells.js";
import type { RunEvent } from "../../run/events.js";

export interface Progress {
	on(event: RunEvent): void;
	/** Clears the live line. */
	end(): void;
}

/** Shows a run's progress on standard error until it ends, and returns its results. */
export async function follow(events: AsyncIterable<RunEvent>): Promise<Results> {
	const progress = progressOn(process.stderr);
	try {
		for await (const event of events) {
			progress.on(event);
			if (event.type === "run-end") return event.results;
		}
	} finally {
		progress.end();
	}
	throw new Error("the run ended without results");
}

/** One live line on a terminal; elsewhere (a log file, CI) a line for each kernel. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
	return stream.isTTY ? liveProgress(stream) : plainProgress((line) => stream.write(`${line}\n`));
}

/** The state of a run. */
class Tally {
	cells = 0;
	finished = 0;
	failed = 0;
	readonly running = new Map<string, { name: string; outcomes: Set<Verdict> }>();
	readonly preparing = new Map<string, string>();
	exploring: string | undefined;

	on(event: RunEvent): void {
		switch (event.type) {
			case "run-start":
				this.cells = event.cells;
				break;
			case "kernel-prepare":
				this.preparing.set(event.kernel, printable(event.step));
				break;
			case "cell-start": {
				const name = printable(`${event.package} on ${event.kernel}`);
				this.preparing.delete(event.kernel);
				this.running.set(key(event.package, event.kernel), { name, outcomes: new Set() });
				break;
			}
			case "finding": {
				const { package: name, kernel, outcome } = event.result;
				if (!isOtherVariant(event.result))
					this.running.get(key(name, kernel))?.outcomes.add(verdictOf(event.result));
				if (outcome === "fail") this.failed++;
				break;
			}
			case "cell-end":
				this.finished++;
				this.running.delete(key(event.package, event.kernel));
				break;
			case "explore":
				this.exploring = printable(`exploring ${event.name}: ${event.done} of ${event.mutants} mutants`);
				break;
			case "run-end":
				this.exploring = undefined;
				this.running.clear();
				this.preparing.clear();
		}
	}

	get count(): string {
		return `[${this.finished}/${this.cells}]`;
	}
}

/** Milliseconds between two lines about one explored program, without a terminal. */
const exploringInterval = 30_000;

/** One line for each step and each kernel; about an explored program one every half minute. */
export function plainProgress(write: (line: string) => void, clock = () => performance.now()): Progress {
	const tally = new Tally();
	const kernels = new Map<string, KernelTally>();
	let current: string | undefined;
	let reported = Number.NEGATIVE_INFINITY;
	/** Kernels whose cells are done: the run has gone on to another one, or ended. */
	const flush = (ended: boolean) => {
		for (const [id, kernel] of kernels) {
			if (kernel.running > 0 || (id === current && !ended)) continue;
			kernels.delete(id);
			write(`${tally.count} ${kernelLine(id, kernel, clock())}`);
		}
	};
	return {
		on(event) {
			if (event.type === "journal-damaged") write(damagedLine(event));
			if (event.type === "kernel-prepare") write(`${printable(event.kernel)}: ${printable(event.step)}`);
			if (event.type === "cell-start") {
				current = event.kernel;
				const known = kernels.get(current) ?? { started: clock(), running: 0, cells: [] };
				kernels.set(current, { ...known, running: known.running + 1 });
				flush(false);
			}
			const cell =
				event.type === "cell-end" ? tally.running.get(key(event.package, event.kernel)) : undefined;
			const kernel = event.type === "cell-end" ? kernels.get(event.kernel) : undefined;
			tally.on(event);
			if (cell && kernel) {
				kernel.running--;
				kernel.cells.push({ name: cell.name, outcome: cellOf(cell.outcomes) });
				flush(tally.finished === tally.cells);
			}
			if (event.type !== "explore") {
				if (event.type === "run-end") flush(true);
				return;
			}
			const isEdge = event.done === 0 || event.done >= event.mutants;
			if (isEdge || clock() - reported >= exploringInterval) {
				reported = clock();
				if (tally.exploring) write(tally.exploring);
			}
		},
		end() {},
	};
}

interface KernelTally {
	/** Milliseconds, of the clock. */
	started: number;
	running: number;
	cells: { name: string; outcome: Cell | undefined }[];
}

/** `a on 6.1: fail`, or for several packages `6.1: 3 pass, 1 fail (4.2 s)`. */
function kernelLine(id: string, { started, cells }: KernelTally, now: number): string {
	const words = (outcome: Cell | undefined) => (outcome ? cellWords[outcome] : "not run");
	const [only] = cells;
	if (only && cells.length === 1) return `${only.name}: ${words(only.outcome)}`;
	const groups = groupBy(cells, ({ outcome }) => words(outcome));
	const counts = [...groups].map(([name, some]) => `${some.length} ${name}`);
	return `${printable(id)}: ${counts.join("; ")} (${((now - started) / 1000).toFixed(1)} s)`;
}

function damagedLine({ path, lines }: { path: string; lines: number }): string {
	const what = lines === 0 ? "cannot be read" : `${lines} damaged line${lines === 1 ? "" : "s"}`;
	return `${printable(path)}: ${what}; the cells in question run again`;
}

function liveProgress(stream: NodeJS.WriteStream): Progress {
	const tally = new Tally();
	const update = createLogUpdate(stream);
	return {
		on(event) {
			if (event.type === "journal-damaged") update.persist(damagedLine(event));
			tally.on(event);
			update(liveLine(tally, stream.columns || 80));
		},
		end: () => update.clear(),
	};
}

function liveLine(tally: Tally, width: number): string {
	const preparing = [...tally.preparing].map(([kernel, step]) => `${printable(kernel)}: ${step}`);
	const exploring = tally.exploring === undefined ? [] : [tally.exploring];
	const doing = [...[...tally.running.values()].map(({ name }) => name), ...preparing, ...exploring].join(
		", ",
	);
	const failed = tally.failed > 0 ? ` ${tally.failed} failed` : "";
	return `${tally.count}${failed} ${doing}`.slice(0, width - 1);
}
