// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Contract } from "../../data/signing/contract.js";
import { lintLoader } from "../../data/signing/lint/lint.js";
import { type ExampleLoader, exampleLoader } from "../../data/signing/lint/testloaders.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { hostCases } from "./cases/host.js";
import { Scene } from "./scene.js";

/** What the lint says of bpftool's loaders, tried on kernels that take them. */
describe.each([
	{ id: "6.18", contract: "insns", examples: ["bad-signed-loader"] },
	{ id: "7.2", contract: "insns-excl", examples: ["bad-signed-loader", "signed-previous-contract"] },
	{ id: "7.3", contract: "insns-maps", examples: ["signed-bpftool"] },
] as const)("on $id", ({ id, contract, examples }) => {
	let guest: Guest;
	beforeAll(async () => {
		guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
	});
	afterAll(() => guest.dispose());

	const sceneOf = ({ loader }: ExampleLoader) =>
		new Scene(guest.client, contract satisfies Contract, {
			insns: loader,
			"insns-excl": loader,
			"insns-maps": loader,
		});

	describe.each(examples)("the loader of %s", (name) => {
		let example: ExampleLoader;
		let codes: string[];
		beforeAll(async () => {
			example = await exampleLoader(name);
			codes = lintLoader(example.loader, example).map(({ code }) => code);
		});

		it.each([
			["host-override-max-entries", "host-sizes-maps"],
			["host-override-initial-value", "host-initial-values"],
		])("is as open to %s as %s says", async (attack, code) => {
			const scene = sceneOf(example);
			const observed = await hostCases.find((each) => each.name === attack)!.run(scene);
			await scene.close();
			// That of the sizes has a hold on .rodata, too, which the kernel takes with one entry
			// only.
			const heeded = observed.wrong !== undefined || observed.stage === "run";
			expect(["installed", "run"]).toContain(observed.stage);
			expect(heeded).toBe(codes.includes(code));
		});

		it("takes a map that others can write as metadata-not-exclusive says", async () => {
			const scene = sceneOf(example);
			const observed = await scene.install({ dataMap: { exclusiveTo: undefined } });
			await scene.close();
			expect(observed.stage === "installed").toBe(codes.includes("metadata-not-exclusive"));
			if (observed.stage !== "installed")
				expect(observed.stage).toBe(contract === "insns-maps" ? "load" : "run");
		});
	});
});
