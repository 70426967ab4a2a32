// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loads, type Observed, refused } from "../../checks/signature/expectation.js";
import { loadersOf } from "../../checks/signature/install-plan.js";
import { kernelContract } from "../../checks/signature/kernel-contract.js";
import { LoaderSession } from "../../checks/signature/loader-session.js";
import { standInPackage } from "../../checks/signature/stand-in.js";
import type { Contract } from "../../data/signing/contract.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { promiseOf } from "./signatures-question.js";
import { tokenCases } from "./token-cases.js";

const machines = new Machines({ agent: agentPath });
const limit = "/proc/sys/user/max_user_namespaces";

async function tried(guest: Guest, contract: Contract): Promise<Map<string, Observed>> {
	const [object] = (await standInPackage(guest.kernel.arch)).objects;
	const session = new LoaderSession(guest, contract, await loadersOf(object!));
	const seen = new Map<string, Observed>();
	try {
		for (const { name, run } of tokenCases) seen.set(name, await run(session));
	} finally {
		await session.close();
	}
	return seen;
}

describe.each([
	{ id: "6.18", contract: "insns", recorded: false },
	{ id: "7.3", contract: "insns-maps", recorded: true },
] as const)("a signed load with a token on $id", ({ id, contract, recorded }) => {
	let guest: Guest;
	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
	});
	afterAll(() => guest.dispose());

	it("is verified like any other, needs its token, and leaves nothing behind", async () => {
		const kernel = await kernelContract(guest);
		const before = await guest.client.call("inventory", { settle: true });
		const seen = await tried(guest, contract);
		expect(seen.get("token-signed")).toMatchObject({ step: "loaded", errno: 0 });
		const verdict = { verdict: "verified", keyringType: "user", keyringSerial: expect.any(Number) };
		expect(seen.get("token-signed")?.seen).toEqual(recorded ? { verdict } : undefined);
		expect(await guest.client.call("inventory", { settle: true })).toEqual(before);

		for (const each of tokenCases) {
			const observed = seen.get(each.name)!;
			expect(promiseOf(each, kernel, each.expected[contract], observed).kept).toBe(true);
			const opposite = each.name === "token-signed" ? refused("load", "EPERM") : loads;
			expect(promiseOf(each, kernel, [opposite], observed).kept).toBe(false);
		}
	});

	it("of another contract is refused", async () => {
		const other = contract === "insns" ? "insns-maps" : "insns";
		const seen = (await tried(guest, other)).get("token-signed");
		expect(seen?.step).toBe("load");
		expect(seen?.errno).not.toBe(0);
	});

	it("cannot be tried without user namespaces", async () => {
		const data = Buffer.from("0");
		await guest.client.call("file_write", { path: limit, data });
		const kernel = await kernelContract(guest);
		const seen = await tried(guest, contract);
		for (const each of tokenCases) {
			const promise = promiseOf(each, kernel, each.expected[contract], seen.get(each.name)!);
			expect(promise.kept).toBeUndefined();
			expect(promise.lack).toMatch(/user-namespace ends with ENOSPC/);
		}
	});
});

it("a kernel with tokens and without signatures refuses to create the map", async () => {
	const guest = await machines.clone(await openKernel("6.12"));
	try {
		for (const [, { step }] of await tried(guest, "insns")) expect(step).toBe("map-create");
	} finally {
		await guest.dispose();
	}
});
