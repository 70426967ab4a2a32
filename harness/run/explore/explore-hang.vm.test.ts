// SPDX-License-Identifier: Apache-2.0
import { beforeAll, expect, it } from "vitest";
import { agentPath } from "../../machine/guest/build.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { compiledExplored, explored, vectorsOf } from "./testexplore.js";

const patient = new Machines({ agent: agentPath });
/** Shorter than what users get, so that a hang is found while the test waits. */
const impatient = new Machines({ agent: agentPath, patience: 3_000 });

// Booting, where the template is still to be made, may take longer than that.
beforeAll(async () => (await patient.clone(await openKernel("6.12"))).dispose());

it("finds the packet that a program hangs on, among others", async () => {
	const pkg = await compiledExplored(vectorsOf("hangs"));
	const { finds, results } = await explored(pkg, ["6.12"], 300, 1, impatient);
	expect(results[0]?.evidence.abandoned).toEqual(["6.12"]);
	expect(finds).toMatchObject([{ reason: { code: "explore-crash" }, evidence: { how: expect.any(String) } }]);
	expect(finds[0]?.reason?.message).toMatch(/ipv4\.flags/);
});

/** Guests of which the first few are lost while the object is loaded. */
function losing(count: number) {
	let cloned = 0;
	const clone = async (kernel: Kernel) => {
		const guest = await patient.clone(kernel);
		const { client, pid } = guest;
		const call = client.call.bind(client);
		const isLost = cloned++ < count;
		client.call = (op, args) => {
			if (op === "object_open" && isLost) process.kill(pid, "SIGKILL");
			return call(op, args);
		};
		return guest;
	};
	return { clone, cloned: () => cloned };
}

it("blames no packet for a guest that is lost before any was sent", async () => {
	const pkg = await compiledExplored(vectorsOf("sound"));
	const once = losing(1);
	const { results } = await explored(pkg, ["6.12"], 50, 1, once);
	expect(results).toMatchObject([{ outcome: "pass", evidence: { mutants: 50, finds: 0 } }]);
	expect(once.cloned()).toBe(2);
	const again = await explored(pkg, ["6.12"], 50, 1, losing(2));
	expect(again.results).toMatchObject([{ outcome: "error", reason: { code: "guest-died" } }]);
});
