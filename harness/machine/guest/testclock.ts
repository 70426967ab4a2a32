// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "./clock.js";

/** A clock that only a test advances. */
export class ManualClock implements Clock {
	private time = 0;
	private timers: { at: number; action: () => void }[] = [];

	now(): number {
		return this.time;
	}

	after(ms: number, action: () => void): () => void {
		const timer = { at: this.time + ms, action };
		this.timers.push(timer);
		return () => {
			this.timers = this.timers.filter((other) => other !== timer);
		};
	}

	/** Advances by `ms` and runs the actions that are due, in order. */
	advance(ms: number): void {
		const end = this.time + ms;
		for (;;) {
			const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
			if (!due) break;
			this.time = Math.max(this.time, due.at);
			this.timers = this.timers.filter((timer) => timer !== due);
			due.action();
		}
		this.time = end;
	}
}
