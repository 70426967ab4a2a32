// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Contract } from "../../data/signing/contract.js";
import { lintLoader } from "../../data/signing/lint/lint.js";
import { type ExampleLoader, exampleLoader } from "../../data/signing/lint/testloaders.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { hostOverrides } from "./host-override.js";
import { LoaderSession } from "./loader-session.js";

/** What the lint finds in bpftool's loaders, tried on kernels that accept them. */
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

	const sessionOf = ({ loader }: ExampleLoader) =>
		new LoaderSession(guest, contract satisfies Contract, {
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
		])("%s works where the lint finds %s", async (attack, code) => {
			const session = sessionOf(example);
			const observed = await hostOverrides.find((each) => each.name === attack)!.run(session);
			await session.close();
			// Other sizes apply to .rodata too, which may have one entry only.
			const overridden = observed.wrong !== undefined || observed.step === "run";
			expect(["installed", "run"]).toContain(observed.step);
			expect(overridden).toBe(codes.includes(code));
		});

		it("accepts a map that is not exclusive where the lint finds metadata-not-exclusive", async () => {
			const session = sessionOf(example);
			const observed = await session.install({ dataMap: { exclusiveTo: undefined } });
			await session.close();
			expect(observed.step === "installed").toBe(codes.includes("metadata-not-exclusive"));
			if (observed.step !== "installed")
				expect(observed.step).toBe(contract === "insns-maps" ? "load" : "run");
		});
	});
});
