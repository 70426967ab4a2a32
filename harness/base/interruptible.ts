// SPDX-License-Identifier: Apache-2.0

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does work that keeps the process busy for up to seconds. A handler of a signal would run only
 * after it, so meanwhile signals have their default effect: they end the process at once.
 */
export function interruptible<T>(work: () => T): T {
	const handlers = signals.map((signal) => [signal, process.listeners(signal)] as const);
	for (const [signal] of handlers) process.removeAllListeners(signal);
	try {
		return work();
	} finally {
		for (const [signal, listeners] of handlers)
			for (const listener of listeners) process.on(signal, listener);
	}
}
