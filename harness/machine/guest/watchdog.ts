// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "./clock.js";

/** Limit for a guest that prints without progress, in multiples of `patience`. */
const talking = 3;
/** Limit for one request with progress, in multiples of `patience`. */
const total = 20;
/** A busy runner reads late: time to read what has already arrived before deciding. */
const graceMs = 100;

/**
 * Detects a guest that hangs. Signs of life are distinguished, because a hostile guest can fake
 * some of them:
 * - an answer, or a progress frame with a higher count, restarts `patience`;
 * - console output only shows that the kernel runs: it also restarts `patience`, but only up to 3 ×
 *   `patience` after the last progress, so a guest that floods its console still counts as hung;
 * - with progress one request may take at most 20 × `patience`.
 */
export class Watchdog {
	private started = 0;
	private progressed = 0;
	private spoke = 0;
	private cancel: (() => void) | undefined;

	/**
	 * @param patience milliseconds without a sign of life after which the guest counts as hung; a
	 * new value applies from the next request on
	 * @param onHung called once, with the reason
	 */
	constructor(
		private readonly clock: Clock,
		public patience: number,
		private readonly onHung: (why: string) => void,
	) {}

	/** Call when a request is sent, or when an answer arrives and another request is pending. */
	start(): void {
		this.stop();
		this.started = this.progressed = this.spoke = this.clock.now();
		this.arm();
	}

	stop(): void {
		this.cancel?.();
		this.cancel = undefined;
	}

	progress(): void {
		this.progressed = this.clock.now();
	}

	consoleSpoke(): void {
		this.spoke = this.clock.now();
	}

	private deadline(): { at: number; why: string } {
		const seconds = (times: number) => `${Math.round((times * this.patience) / 1000)} s`;
		return [
			{
				at: Math.max(this.progressed, this.spoke) + this.patience,
				why: `no answer, progress or console output for ${seconds(1)}`,
			},
			{
				at: this.progressed + talking * this.patience,
				why: `no answer or progress for ${seconds(talking)}, though it printed to its console`,
			},
			{ at: this.started + total * this.patience, why: `no answer within ${seconds(total)}` },
		].reduce((first, other) => (other.at < first.at ? other : first));
	}

	private arm(): void {
		this.cancel = this.clock.after(Math.max(0, this.deadline().at - this.clock.now()), () => {
			this.cancel = this.clock.after(graceMs, () => {
				const { at, why } = this.deadline();
				this.cancel = undefined;
				if (at > this.clock.now()) this.arm();
				else this.onHung(why);
			});
		});
	}
}
