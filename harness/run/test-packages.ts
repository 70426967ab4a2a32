// SPDX-License-Identifier: Apache-2.0
import { createLab, firstKernel } from "../lab/lab.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { Qualification } from "../qualify/qualification.js";
import type { TestRequest } from "./demands.js";
import type { RunEvent } from "./events.js";
import { questions } from "./questions.js";
import { openJournal } from "./resume.js";
import { run } from "./run.js";

import { SelfCheck } from "./self-check.js";

/**
 * `bpfgate test` as a library call: runs packages through the checks on each kernel; the last event
 * holds the results. Throws UndecidedError when this host can run no guest.
 */
export async function* testPackages(request: TestRequest): AsyncIterable<RunEvent> {
	const first = firstKernel(request.kernels);
	const { jobs, cold = false, guestTimeout, signal } = request;
	const promises = new Qualification(() => lab, questions);
	await using lab = createLab({ jobs, cold, guestTimeout, promises, signal });
	const { guests, features, functions } = lab;
	const [host, journal] = [await lab.host(first), await openJournal(request.resume ?? false)];
	const trial = new SelfCheck(lab, host.bpfgate);
	const assertTrust = (kernel: Kernel) => trial.assert(kernel);
	yield* run({ ...request, guests, features, functions, promises, journal, host, assertTrust });
}
