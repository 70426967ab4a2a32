// SPDX-License-Identifier: Apache-2.0
import type { UndecidedError } from "../base/errors.js";
import { undecided } from "../data/reasons/registry/registry.js";
import { type Clock, systemClock } from "../machine/guest/clock.js";
import type { PackageBudget } from "./package-budget.js";

/** Milliseconds that a check gets to end by itself once its guests are gone. */
const graceMs = 30_000;
/** Guests of one cell that may hang: each costs the whole patience with a silent guest. */
const maxHung = 3;

/**
 * Bounds the work on one cell: at the limit the guest is ended, no other is lent, and work that
 * goes on is abandoned.
 */
export class CellLimit {
	/** What was being done, for the message: the operation that runs in the guest in use. */
	operation: () => string | undefined = () => undefined;
	/** The first case without a result. */
	nextCase: () => string | undefined = () => undefined;
	#over: UndecidedError | undefined;
	#waiting = new Set<(why: UndecidedError) => void>();
	#left: number;
	#since: number | undefined;
	#outside = 0;
	#hung = 0;
	#cancel: (() => void) | undefined;

	/**
	 * @param kernel for messages
	 * @param ms that the work may take, without `outside`
	 * @param budget of the package, which the work shares with that on other kernels
	 */
	constructor(
		private readonly kernel: string,
		private readonly ms: number,
		private readonly clock: Clock = systemClock,
		private readonly budget?: PackageBudget,
	) {
		this.#left = ms;
		if (budget?.left === 0) this.#end(this.#late(budget));
		else this.#resume();
	}

	/** Why the cell was ended. */
	get over(): UndecidedError | undefined {
		return this.#over;
	}

	/** Calls `action` once when the limit is reached; returns how to withdraw that. */
	onOver(action: (why: UndecidedError) => void): () => void {
		this.#waiting.add(action);
		return () => this.#waiting.delete(action);
	}

	/** Work that does not count: another cell has the guests, or a kernel is asked. */
	async outside<T>(work: () => Promise<T>): Promise<T> {
		if (this.#outside++ === 0) this.#pause();
		try {
			return await work();
		} finally {
			if (--this.#outside === 0) this.#resume();
		}
	}

	/** A guest hung; the cell ends with the third. */
	hung(why: UndecidedError): void {
		if (++this.#hung < maxHung) return;
		this.#end(undecided("cell-hung", { kernel: this.kernel, times: maxHung, why: why.message }));
	}

	/** Work that may not end: gives it up some time after the limit. */
	async bounded<T>(work: Promise<T>): Promise<T> {
		const ended: (() => void)[] = [];
		const late = new Promise<never>((_, reject) => {
			const soon = (why: UndecidedError) => ended.push(this.clock.after(graceMs, () => reject(why)));
			if (this.#over) soon(this.#over);
			else ended.push(this.onOver(soon));
		});
		try {
			return await Promise.race([work, late]);
		} finally {
			for (const end of ended) end();
		}
	}

	/** The items of a check that may not end: gives it up some time after the limit. */
	async *within<T>(items: AsyncIterable<T>): AsyncIterable<T> {
		const iterator = items[Symbol.asyncIterator]();
		let at: "here" | "there" = "there";
		try {
			for (;;) {
				const next = await this.bounded(iterator.next());
				if (next.done) return;
				at = "here";
				yield next.value;
				at = "there";
			}
		} finally {
			// One that does not answer would not end either.
			if (at === "here") await iterator.return?.(undefined);
		}
	}

	/** Stops the clock for good. */
	close(): void {
		this.#pause();
		this.#outside++;
	}

	#pause(): void {
		if (this.#since === undefined) return;
		const taken = this.clock.now() - this.#since;
		this.#left -= taken;
		this.budget?.spend(taken);
		this.#since = undefined;
		this.#cancel?.();
	}

	#resume(): void {
		if (this.#over) return;
		this.#since = this.clock.now();
		const { budget } = this;
		const first = budget && budget.left <= this.#left ? budget : undefined;
		this.#cancel = this.clock.after(Math.max(0, first?.left ?? this.#left), () => {
			this.#pause();
			this.#end(this.#late(first));
		});
	}

	/** The error at the limit: of the package with its budget, or of the cell. */
	#late(budget: PackageBudget | undefined): UndecidedError {
		const facts = { kernel: this.kernel, operation: this.operation(), next: this.nextCase() };
		const seconds = (ms: number) => Math.round(ms / 1000);
		return budget
			? undecided("package-timeout", { ...facts, seconds: seconds(budget.ms) })
			: undecided("cell-timeout", { ...facts, seconds: seconds(this.ms) });
	}

	#end(why: UndecidedError): void {
		if (this.#over) return;
		this.#pause();
		this.#over = why;
		for (const action of this.#waiting) action(why);
		this.#waiting.clear();
	}
}
