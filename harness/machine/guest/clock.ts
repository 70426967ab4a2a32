// SPDX-License-Identifier: Apache-2.0

/** Time, injected so that tests of time-outs do not sleep. Milliseconds, monotonic. */
export interface Clock {
	now(): number;
	/** Calls `action` once after `ms`, unless the returned function is called before. */
	after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
	now: () => performance.now(),
	after(ms, action) {
		const timer = setTimeout(action, ms);
		return () => clearTimeout(timer);
	},
};
