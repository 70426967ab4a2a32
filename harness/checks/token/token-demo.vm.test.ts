// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { testbench } from "../../lab/subject/session/testsession.js";
import type { Delegation } from "./model/delegation.js";
import { type DemoStep, demoDelegation, demonstrate } from "./token-demo.js";

async function shown(kernel: string, delegation?: Delegation): Promise<DemoStep[]> {
	await using bench = await testbench(kernel);
	const before = await bench.inventory();
	const steps: DemoStep[] = [];
	for await (const step of demonstrate(await bench.workbench.guest(), delegation)) steps.push(step);
	expect(await bench.inventory()).toEqual(before);
	return steps;
}

it.each(["6.12", "7.3"])("the same user is refused, let in and refused again on %s", async (kernel) => {
	const steps = await shown(kernel);
	expect(steps.map(({ answer }) => answer)).toEqual(["done", "EPERM", "done", "done", "EPERM"]);
	for (const { answer, expected } of steps) expect(answer).toBe(expected);
});

it("with XDP delegated that program is let in as well, which is told", async () => {
	const steps = await shown("7.3", { ...demoDelegation, programs: [...demoDelegation.programs, "xdp"] });
	expect(steps.map(({ answer }) => answer)).toEqual(["done", "EPERM", "done", "done", "done"]);
	expect(steps.at(-1)?.expected).toBe("EPERM");
});

it("a kernel without tokens has nothing to show", async () => {
	await expect(shown("6.1")).rejects.toThrow(/kernel 6\.1 has no BPF tokens/);
});
