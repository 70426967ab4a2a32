// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { expect, it } from "vitest";
import { suiteOf } from "../../../data/vectors/suite.js";
import { agentPath } from "../../../machine/guest/build.js";
import type { OperationName } from "../../../machine/guest/operations.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { Machines } from "../../../machine/vm/machine.js";
import { judge } from "./judgement.js";
import { compiled } from "./testsession.js";
import { VectorSession } from "./vector-session.js";

const source = join(import.meta.dirname, "testdata/forgetful.bpf.c");
const vectors = Array.from({ length: 20 }, (_, index) => ({
	name: `v${index}`,
	packet: { hex: "00".repeat(64) },
	expect: { retval: "XDP_PASS", packet: "unchanged", maps_after: { counters: { exact: { 1: 1 } } } },
}));

it.each([
	["5.10", 20, ["netns_add", "attach", "detach"]],
	["5.10", 15, []],
	["6.12", 20, []],
])("on %s %d vectors of an XDP program", async (kernel, count, wanted) => {
	const suite = suiteOf(await compiled("forgetful", source, JSON.stringify({ vectors })));
	const some = suite.vectors.slice(0, count);
	const guest = await new Machines({ agent: agentPath }).clone(await openKernel(kernel));
	try {
		const { client } = guest;
		const fresh = await client.call("inventory", {});
		const asked: OperationName[] = [];
		const call = client.call.bind(client);
		client.call = (op, args) => {
			asked.push(op);
			return call(op, args);
		};
		const session = await VectorSession.open(guest, some[0]!.subject, ["count"]);
		// A second time the program is there already.
		for (let turn = 0; turn < 2; turn++) {
			const runs = await session.runAll(some);
			expect(some.flatMap((vector, index) => judge(vector, runs[index]!).mismatches)).toEqual([]);
			expect(runs.some(({ spoilt }) => spoilt)).toBe(false);
		}
		await session.close();
		expect(asked.filter((op) => /netns|tach/.test(op))).toEqual(wanted);
		expect(await client.call("inventory", { settle: true })).toEqual(fresh);
	} finally {
		await guest.dispose();
	}
});
