// SPDX-License-Identifier: Apache-2.0

import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { GuestClient } from "../../../machine/guest/client.js";

/**
 * The test run of a tracing program calls the test functions it may be attached to, not the
 * program: its vectors run while it alone is attached (`bpf_prog_test_run_tracing`,
 * net/bpf/test_run.c).
 */
export const runsAttached = ({ subject }: PreparedVector): boolean => subject.type === "tracing";

/** Attaches the program of these vectors for as long as `work` takes. */
export async function whileAttached<T>(
	client: GuestClient,
	object: number,
	program: string,
	work: () => Promise<T>,
): Promise<T> {
	const { link } = await client.call("attach", { object, program, hook: "auto" });
	try {
		return await work();
	} finally {
		await client.call("detach", { link });
	}
}
