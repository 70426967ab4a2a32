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

it.each(["6.12", "7.3"])("one process is refused, allowed and refused again on %s", async (kernel) => {
	const steps = await shown(kernel);
	expect(steps.map(({ answer }) => answer)).toEqual(["done", "EPERM", "done", "done", "EPERM"]);
	for (const { answer, expected } of steps) expect(answer).toBe(expected);
});

it("with XDP delegated the XDP program loads too, against what is expected", async () => {
	const steps = await shown("7.3", { ...demoDelegation, programs: [...demoDelegation.programs, "xdp"] });
	expect(steps.map(({ answer }) => answer)).toEqual(["done", "EPERM", "done", "done", "done"]);
	expect(steps.at(-1)?.expected).toBe("EPERM");
});

it("a kernel without tokens is reported", async () => {
	await expect(shown("6.1")).rejects.toThrow(/kernel 6\.1 has no BPF tokens/);
});
