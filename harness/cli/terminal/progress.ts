// SPDX-License-Identifier: Apache-2.0
import { createLogUpdate } from "log-update";
import { printable } from "../../base/printable.js";
import type { Outcome, Results } from "../../base/results.js";
import { cellOf, cellWords, key } from "../../report/cells.js";
import type { RunEvent } from "../../run/events.js";

/** Tells a person what a run is doing. */
export interface Progress {
	on(event: RunEvent): void;
	/** Takes away what should not stay. */
	end(): void;
}

/** Shows a run's progress on standard error until it ends, and gives what it found. */
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

/** One live line on a terminal, a line for each finished cell elsewhere (a log file, CI). */
export function progressOn(stream: NodeJS.WriteStream): Progress {
	return stream.isTTY ? liveProgress(stream) : plainProgress((line) => stream.write(`${line}\n`));
}

/** What has happened so far in a run. */
class Tally {
	cells = 0;
	finished = 0;
	failed = 0;
	readonly running = new Map<string, { name: string; outcomes: Set<Outcome> }>();
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
				this.running.get(key(name, kernel))?.outcomes.add(outcome);
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

/** How often a program that is explored for long is told of elsewhere than on a terminal, in ms. */
const exploringInterval = 30_000;

/**
 * One line for each kernel's preparation and each finished cell; of programs that are explored, now
 * and then.
 */
export function plainProgress(write: (line: string) => void, clock = () => performance.now()): Progress {
	const tally = new Tally();
	let told = 0;
	return {
		on(event) {
			const cell =
				event.type === "cell-end" ? tally.running.get(key(event.package, event.kernel)) : undefined;
			tally.on(event);
			if (event.type === "kernel-prepare") write(`${printable(event.kernel)}: ${printable(event.step)}`);
			if (event.type === "explore" && (event.done === 0 || clock() - told >= exploringInterval)) {
				told = clock();
				if (tally.exploring) write(tally.exploring);
			}
			if (!cell) return;
			const outcome = cellOf(cell.outcomes);
			write(`${tally.count} ${cell.name}: ${outcome ? cellWords[outcome] : "not run"}`);
		},
		end() {},
	};
}

function liveProgress(stream: NodeJS.WriteStream): Progress {
	const tally = new Tally();
	const update = createLogUpdate(stream);
	return {
		on(event) {
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
