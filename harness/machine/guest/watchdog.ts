// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "./clock.js";

/** How many times `patience` a guest that keeps printing, but gets nowhere, is waited for. */
const talking = 3;
/** How many times `patience` one request may take however much progress it reports. */
const total = 20;
/** A busy runner reads late: what has already arrived is read before the guest is judged. */
const graceMs = 100;

/**
 * Says when a guest hangs. Three things are told apart, because a hostile guest can make some of
 * them up:
 * - an answer, or a progress frame with a higher count, is progress: the full `patience` again;
 * - console output only shows that the kernel lives: it prolongs too, but never beyond 3 ×
 *   `patience` since the last progress, so a guest that floods its console hangs all the same;
 * - progress prolongs one request to at most 20 × `patience`.
 */
export class Watchdog {
	private started = 0;
	private progressed = 0;
	private spoke = 0;
	private cancel: (() => void) | undefined;

	/**
	 * @param patience milliseconds without any sign after which the guest counts as hung; another
	 * one counts from the next request on
	 * @param onHung called once, with what was missing
	 */
	constructor(
		private readonly clock: Clock,
		public patience: number,
		private readonly onHung: (why: string) => void,
	) {}

	/** A request went out, or the answer to one came in and the next is waited for. */
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
