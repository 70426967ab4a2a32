// SPDX-License-Identifier: Apache-2.0
import { beforeAll, expect, it } from "vitest";
import { agentPath } from "../../machine/guest/build.js";
import type { OperationName } from "../../machine/guest/operations.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { compiledExplored, explored, vectorsOf } from "./testexplore.js";

const patient = new Machines({ agent: agentPath });
/** Shorter than what users get, so that a hang is found while the test waits. */
const impatient = new Machines({ agent: agentPath, patience: 3_000 });

// Booting, where the template is still to be made, may take longer than that.
beforeAll(async () => (await patient.clone(await openKernel("6.12"))).dispose());

it("finds the packet among others that makes a program hang", async () => {
	const pkg = await compiledExplored(vectorsOf("hangs"));
	const { finds, results } = await explored(pkg, ["6.12"], 300, 1, impatient);
	expect(results[0]?.evidence.abandoned).toEqual(["6.12"]);
	expect(finds).toMatchObject([{ reason: { code: "explore-crash" }, evidence: { how: expect.any(String) } }]);
	expect(finds[0]?.reason?.message).toMatch(/ipv4\.flags/);
});

/** Guests in which `disturb` sees each call before it is made, with the number of the guest. */
function disturbed(disturb: (op: OperationName, args: object, guest: Guest, number: number) => void) {
	let cloned = 0;
	const clone = async (kernel: Kernel) => {
		const guest = await patient.clone(kernel);
		const { client } = guest;
		const call = client.call.bind(client);
		const number = cloned++;
		client.call = (op, args) => {
			disturb(op, args, guest, number);
			return call(op, args);
		};
		return guest;
	};
	return { clone, cloned: () => cloned };
}

/** The first few guests are lost while the object is loaded. */
const losing = (count: number) =>
	disturbed((op, _, { pid }, number) => {
		if (op === "object_open" && number < count) process.kill(pid, "SIGKILL");
	});

it("gives no packet the loss of a guest before the first packet", async () => {
	const pkg = await compiledExplored(vectorsOf("sound"));
	const once = losing(1);
	const { results } = await explored(pkg, ["6.12"], 50, 1, once);
	expect(results).toMatchObject([{ outcome: "pass", evidence: { mutants: 50, finds: 0 } }]);
	expect(once.cloned()).toBe(2);
	const again = await explored(pkg, ["6.12"], 50, 1, losing(2));
	expect(again.results).toMatchObject([{ outcome: "error", reason: { code: "guest-died" } }]);
});

it("reports a guest that is lost after the last vector", async () => {
	const pkg = await compiledExplored(vectorsOf("sound"));
	const late = disturbed((op, args, { pid }) => {
		if (op === "inventory" && "settle" in args) process.kill(pid, "SIGKILL");
	});
	const { results } = await explored(pkg, ["6.12"], 50, 1, late);
	expect(results).toMatchObject([
		{ case: "explore/explored.bpf.o/sound", outcome: "pass" },
		{ case: "leftovers/explore/explored.bpf.o/sound", outcome: "error", reason: { code: "guest-died" } },
	]);
});

it("reports what stays in a guest", async () => {
	const pkg = await compiledExplored(vectorsOf("sound"));
	const untidy = disturbed((op, _, { client }) => {
		if (op === "object_snapshot") void client.call("cgroup_add", { name: "left" });
	});
	const { results } = await explored(pkg, ["6.12"], 50, 1, untidy);
	expect(results.slice(1)).toMatchObject([
		{
			case: "leftovers/explore/explored.bpf.o/sound",
			outcome: "fail",
			reason: {
				code: "leftovers",
				message: expect.stringMatching(/after the vectors of sound ran .* cgroup: .*left/),
			},
		},
	]);
});
