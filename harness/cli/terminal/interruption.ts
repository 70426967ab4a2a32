// SPDX-License-Identifier: Apache-2.0

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export const interrupted = 130;

/**
 * The first signal asks the running command to stop, the second one ends it at once. A command that
 * never asked for the `signal` has nothing to wind down and ends with the first. Ending goes
 * through `process.exit`, so that whoever holds guests and temporary files can let go of them in an
 * `exit` handler.
 */
export class Interruption {
	private readonly controller = new AbortController();
	private heeded = false;

	constructor(private readonly exit: (status: number) => void = (status) => process.exit(status)) {
		for (const name of signals) process.on(name, this.interrupt);
	}

	/** Aborted by the first signal; whoever takes it promises to end soon after. */
	get signal(): AbortSignal {
		this.heeded = true;
		return this.controller.signal;
	}

	/** Whether a signal came: what failed after it failed for that reason. */
	get requested(): boolean {
		return this.controller.signal.aborted;
	}

	dispose(): void {
		for (const name of signals) process.off(name, this.interrupt);
	}

	private readonly interrupt = () => {
		if (!this.heeded || this.controller.signal.aborted) this.exit(interrupted);
		else this.controller.abort();
	};
}
