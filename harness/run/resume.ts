// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from "../base/results.js";
import { tooLargeForHost } from "../lab/guest-size.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { cellKey, type KeyedRun, machineKey } from "./cell-key.js";
import { selected } from "./demands.js";
import type { RunEvent } from "./events.js";
import { type EarlierCells, earlierCells, Journal, type JournalCell } from "./journal.js";
import type { Asked, Cell } from "./work-cell.js";

/** Where a run keeps its finished cells, and those that an earlier run finished. */
export interface RunJournal {
	readonly journal: Journal;
	/** Cells of earlier runs; absent when the user did not ask to resume. */
	readonly earlier?: EarlierCells;
}

/** @param resume take what earlier runs finished */
export async function openJournal(resume: boolean): Promise<RunJournal> {
	const journal = new Journal();
	return resume ? { journal, earlier: await earlierCells() } : { journal };
}

/** The finished cells of a run: taken from an earlier one, and kept for a later one. */
export class FinishedCells {
	readonly #keys = new Map<Cell, string>();
	readonly #taken = new Map<Cell, JournalCell>();

	constructor(private readonly kept: RunJournal | undefined) {}

	/** Finds which cells need no work. */
	async open(
		cells: readonly Cell[],
		askedOf: (cell: Cell) => readonly Asked[],
		run: KeyedRun,
		emit: (event: RunEvent) => void,
	): Promise<void> {
		if (!this.kept) return;
		const { earlier } = this.kept;
		const damaged = new Map(earlier?.damaged);
		const machines = new Map<Kernel, string>();
		for (const kernel of run.kernels) machines.set(kernel, await machineKey(kernel));
		for (const cell of cells) {
			if (tooLargeForHost(cell.pkg)) continue;
			const asked = askedOf(cell);
			const key = cellKey(cell.pkg, [cell.kernel, machines.get(cell.kernel)!], asked, run);
			this.#keys.set(cell, key);
			const found = earlier?.cells.get(key);
			if (!found) continue;
			const { path, ...line } = found;
			if (isWhole(line.results, cell, asked, run)) this.#taken.set(cell, line);
			else damaged.set(path, (damaged.get(path) ?? 0) + 1);
		}
		for (const [path, lines] of damaged) emit({ type: "journal-damaged", path, lines });
	}

	/** The cell as an earlier run finished it. */
	taken(cell: Cell): JournalCell | undefined {
		return this.#taken.get(cell);
	}

	/** Keeps a finished cell. One with an error is worth another try. */
	async keep(cell: Cell, results: readonly CaseResult[], release: string | undefined): Promise<void> {
		const key = this.#keys.get(cell);
		if (!this.kept || key === undefined || results.some(({ outcome }) => outcome === "error")) return;
		const finished = this.#taken.get(cell)?.finished ?? new Date().toISOString();
		const line = { key, finished, ...(release === undefined ? {} : { release }), results: [...results] };
		await this.kept.journal.add(line);
	}

	async end(complete: boolean): Promise<void> {
		await this.kept?.journal.end(complete);
	}
}

/** A result for each case that the cell must have, of no other cell, and none undecided. */
function isWhole(
	results: readonly CaseResult[],
	{ pkg, kernel }: Cell,
	asked: readonly Asked[],
	run: KeyedRun,
): boolean {
	const checks = new Set(asked.map(({ check }) => check.name));
	const own = results.every(
		({ package: name, kernel: id, kernels, check, outcome }) =>
			name === pkg.name &&
			id === kernel.id &&
			kernels === undefined &&
			checks.has(check) &&
			outcome !== "error",
	);
	const has = new Set(results.map((result) => JSON.stringify([result.check, result.case])));
	return (
		own &&
		asked.every(({ check, run: checkRun }) =>
			checkRun
				.cases(pkg)
				.every((name) => !selected(run, check.name, name) || has.has(JSON.stringify([check.name, name]))),
		)
	);
}
