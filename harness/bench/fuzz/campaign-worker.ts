// SPDX-License-Identifier: Apache-2.0
// One share of a campaign: a parser in a thread that can be ended while it runs.
import { parentPort, workerData } from "node:worker_threads";
import type { Share } from "./campaign.js";
import { fuzz } from "./run.js";
import type { FuzzTarget } from "./target.js";

const { module, name, seed, runs, count, input } = workerData as Share;
const { targets } = (await import(module)) as { targets: readonly FuzzTarget[] };
const counter = new Int32Array(count);
const begun = (bytes: Uint8Array) => {
	new Uint8Array(input).set(bytes);
	Atomics.store(counter, 1, bytes.length);
	Atomics.add(counter, 0, 1);
};
const target = targets.find((each) => each.name === name)!;
parentPort!.postMessage(await fuzz(target, { seed, runs, begun }));
