// SPDX-License-Identifier: Apache-2.0
import { clearInterval, setInterval } from "node:timers";
import { Worker } from "node:worker_threads";
import { mostBytes } from "./change.js";
import type { Tally } from "./run.js";

/** What a worker gets. */
export interface Share {
	/** URL of the module that exports `targets`. */
	module: string;
	name: string;
	seed: number;
	runs: number;
	/** Two 32-bit numbers: inputs begun, and bytes of the latest. */
	count: SharedArrayBuffer;
	/** The latest input. */
	input: SharedArrayBuffer;
}

/** Processor time in milliseconds after which an input that is not read yet never will be. */
const endless = 5000;
/** MiB of JavaScript objects. */
const heap = { maxOldGenerationSizeMb: 256 };

/**
 * `runs` inputs for one parser, in a thread of its own: what never ends and what takes all memory
 * ends the thread, and is a fault like others.
 */
export async function share({
	module,
	name,
	seed,
	runs,
}: Pick<Share, "module" | "name" | "seed" | "runs">): Promise<Tally> {
	const count = new SharedArrayBuffer(8);
	const input = new SharedArrayBuffer(mostBytes);
	const counter = new Int32Array(count);
	const workerData: Share = { module, name, seed, runs, count, input };
	const worker = new Worker(new URL("./campaign-worker.js", import.meta.url), {
		workerData,
		resourceLimits: heap,
	});
	const lost = (message: string): Tally => ({
		inputs: counter[0]!,
		accepted: 0,
		refused: 0,
		milliseconds: 0,
		fault: { message, input: new Uint8Array(input).slice(0, counter[1]) },
	});
	let watch: NodeJS.Timeout | undefined;
	try {
		return await new Promise<Tally>((resolve, reject) => {
			worker.once("message", resolve);
			worker.once("error", (error: NodeJS.ErrnoException) =>
				error.code === "ERR_WORKER_OUT_OF_MEMORY"
					? resolve(lost("memory: all that a thread gets"))
					: reject(error),
			);
			let last = -1;
			let since = process.cpuUsage();
			watch = setInterval(() => {
				if (counter[0] !== last) {
					last = counter[0]!;
					since = process.cpuUsage();
					return;
				}
				const { user, system } = process.cpuUsage(since);
				if ((user + system) / 1000 > endless)
					resolve(lost(`slow: no end after ${endless / 1000} s of processor time`));
			}, 500);
		});
	} finally {
		clearInterval(watch);
		await worker.terminate();
	}
}
