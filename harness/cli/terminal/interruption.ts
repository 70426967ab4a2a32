// SPDX-License-Identifier: Apache-2.0

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export const interrupted = 130;

/**
 * The first signal asks the running command to stop; the second ends it at once. A command that
 * never asked for `signal` ends at the first. The end is `process.exit`, so that `exit` handlers
 * release guests and temporary files.
 */
export class Interruption {
	private readonly controller = new AbortController();
	private heeded = false;

	constructor(private readonly exit: (status: number) => void = (status) => process.exit(status)) {
		for (const name of signals) process.on(name, this.interrupt);
	}

	/** Aborted by the first signal; the command that reads it must end soon after. */
	get signal(): AbortSignal {
		this.heeded = true;
		return this.controller.signal;
	}

	/** True after a signal: failures after it are consequences of it. */
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
