// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type CaseResult, exitStatus, type Results } from "../base/results.js";
import type { Check } from "../lab/check.js";
import { agentPath } from "../machine/guest/build.js";
import type { Args } from "../machine/guest/operations.js";
import { openKernel } from "../machine/kernel/store.js";
import { Machines } from "../machine/vm/machine.js";
import { GuestPool } from "../machine/vm/pool.js";
import { run } from "./run.js";
import { pkg } from "./testguest.js";

type How = Args<"misbehave">["how"] | "killed" | "endless" | "deaf";

/**
 * Packages are named after what goes wrong in their guest; `sound` is one in which nothing does.
 */
const misbehaving: Check = {
	name: "load",
	summary: "what its name says",
	suits: () => true,
	create: () => ({
		cases: () => ["program/it"],
		async *run({ name }, bench) {
			const guest = await bench.guest();
			if (name === "endless") for (;;) await guest.client.call("ping", {});
			// It takes every loss of a guest for a reason to try again.
			if (name === "deaf")
				for (;;) {
					const another = await bench.guest();
					await another.client.call("misbehave", { how: "hang" }).catch((cause) => bench.lost(cause));
				}
			if (name === "killed") process.kill(qemuOf(guest.client), "SIGKILL");
			else if (name !== "sound")
				await guest.client.call("misbehave", { how: name as Args<"misbehave">["how"] });
			await guest.client.call("ping", {});
			yield { case: "program/it", outcome: "pass", evidence: {} };
		},
	}),
};

const pids = new Map<unknown, number>();
function qemuOf(client: unknown): number {
	const pid = pids.get(client);
	if (pid === undefined) throw new Error("no such guest");
	return pid;
}

async function resultsOf(
	names: readonly (How | "sound")[],
	patience?: number,
	cellTimeout?: number,
): Promise<Results> {
	const machines = new Machines({ agent: agentPath, ...(patience === undefined ? {} : { patience }) });
	const kernels = await Promise.all(["5.10", "7.3"].map((id) => openKernel(id)));
	const fresh: ConstructorParameters<typeof GuestPool>[0]["fresh"] = async (kernel) => {
		const guest = await machines.clone(kernel);
		pids.set(guest.client, guest.pid);
		return guest;
	};
	const pool = new GuestPool({ jobs: 2, fresh });
	try {
		for await (const event of run({
			packages: names.map((name) => pkg(name)),
			kernels,
			checks: [misbehaving],
			jobs: 2,
			cellTimeout,
			guests: pool,
			features: { lack: async () => undefined },
			signal: new AbortController().signal,
			host: { bpfgate: "0", accelerator: "tcg", qemu: "7" },
		})) {
			if (event.type === "run-end") return event.results;
		}
	} finally {
		await pool.close();
	}
	throw new Error("the run did not end");
}

/** `case outcome code` of a package on a kernel. */
function said(document: Results, name: How | "sound", id: string): string[] {
	return document.results
		.filter((result) => result.package === name && result.kernel === id)
		.map((it: CaseResult) => `${it.case} ${it.outcome} ${it.reason?.code ?? ""}`.trim());
}

function noneIsLeft(): void {
	for (const pid of pids.values()) expect(() => readFileSync(`/proc/${pid}/status`)).toThrow();
}

it("gives each ill-behaved guest its own outcome and finishes every other cell", async () => {
	const names = ["panic", "sound", "killed", "crash", "rubbish", "out_of_memory", "warn"] as const;
	const document = await resultsOf(names);
	for (const id of ["5.10", "7.3"]) {
		expect(said(document, "panic", id)).toEqual([
			"program/it fail kernel-panic",
			"kernel-log/panic fail kernel-panic",
		]);
		expect(said(document, "sound", id)).toEqual(["program/it pass"]);
		expect(said(document, "killed", id)).toEqual(["program/it error guest-died"]);
		expect(said(document, "crash", id)).toEqual(["program/it error guest-died"]);
		expect(said(document, "rubbish", id)).toEqual(["program/it error channel-corrupt"]);
		expect(said(document, "warn", id)).toEqual(["program/it pass", "kernel-log/warn fail kernel-warn"]);
		expect(said(document, "out_of_memory", id)).toContain(
			"kernel-log/out-of-memory error kernel-out-of-memory",
		);
	}
	expect(exitStatus(document)).toBe(1);
	noneIsLeft();
});

it("finishes every other cell when a guest hangs, silent or not", async () => {
	// Shorter than what users get, as the test waits for it, and far longer than a sound guest
	// takes for an answer here.
	const document = await resultsOf(["hang", "flood", "sound"], 4_000);
	for (const id of ["5.10", "7.3"]) {
		expect(said(document, "hang", id)).toEqual(["program/it error guest-hung"]);
		expect(said(document, "flood", id)).toEqual(["program/it error guest-hung"]);
		expect(said(document, "sound", id)).toEqual(["program/it pass"]);
	}
	expect(exitStatus(document)).toBe(3);
	noneIsLeft();
});

it("ends a cell that does not end by itself, and finishes every other one", async () => {
	const document = await resultsOf(["endless", "deaf", "sound"], 4_000, 20_000);
	for (const id of ["5.10", "7.3"]) {
		expect(said(document, "endless", id)).toEqual(["program/it error cell-timeout"]);
		expect(said(document, "deaf", id)).toEqual(["program/it error cell-hung"]);
		expect(said(document, "sound", id)).toEqual(["program/it pass"]);
	}
	const endless = document.results.find((result) => result.package === "endless" && result.kernel === "7.3");
	expect(endless?.reason?.message).toMatch(
		/^the work reached its limit of 20 s on kernel 7\.3, .*, before a result for load\/program\/it$/,
	);
	expect(exitStatus(document)).toBe(3);
	noneIsLeft();
});
