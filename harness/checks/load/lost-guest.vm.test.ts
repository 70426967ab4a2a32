// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Finding } from "../../lab/check.js";
import { contextOf } from "../../lab/testbench.js";
import { CellWorkbench } from "../../lab/workbench.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { loadCheck } from "./load-check.js";
import { packageOf, said } from "./testload.js";

it("reports the loss of a guest that does not happen again as a finding of its own", async () => {
	const machines = new Machines({ agent: agentPath });
	let guests = 0;
	const bench = new CellWorkbench(await openKernel("6.12"), {
		guests: {
			expect: () => {},
			acquire: async (kernel) => {
				const guest = await machines.clone(kernel);
				const call = guest.client.call.bind(guest.client);
				const isFirst = guests++ === 0;
				guest.client.call = async (op, args) => {
					if (op === "attach_once" && isFirst) await call("misbehave", { how: "crash" });
					return call(op, args);
				};
				return guest;
			},
		},
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
	});
	const pkg = await packageOf("crashing", {
		objects: [
			{
				file: "crashing.bpf.o",
				programs: Object.fromEntries(
					["crash_after_note", "crash_at_calls", "crash_handler_too"].map((name) => [
						name,
						{ autoload: false },
					]),
				),
			},
		],
	});
	const findings: Finding[] = [];
	try {
		for await (const finding of loadCheck.create(contextOf([pkg])).run(pkg, bench)) findings.push(finding);
	} finally {
		await bench.retire();
	}
	const attached = findings.filter((finding) => !finding.case.startsWith("program/"));
	expect(attached.map((finding) => `${finding.case} ${said(finding)}`)).toEqual([
		"attach/sound pass",
		"lost-guest/sound error guest-died",
		"attach/note_call pass",
		"attach/also_sound pass",
	]);
	expect(attached[1]?.reason?.message).toMatch(/it was attaching sound, and did not happen again/);
	// The lost one, the next for `sound` and `note_call`, and one for `also_sound`.
	expect(guests).toBe(3);
});
