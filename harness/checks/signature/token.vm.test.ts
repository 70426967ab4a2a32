// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Contract } from "../../data/signing/contract.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { judged } from "./finding.js";
import { kernelContract } from "./kernel-contract.js";
import { Keyrings } from "./keyrings.js";
import { loads, type Promised, refused } from "./promise.js";
import type { Observed } from "./scene.js";
import { tokenCases } from "./token-cases.js";

const machines = new Machines({ agent: agentPath });
const limit = "/proc/sys/user/max_user_namespaces";

async function tried(guest: Guest, contract: Contract): Promise<Map<string, Observed>> {
	const world = new Keyrings(guest.client);
	const seen = new Map<string, Observed>();
	try {
		for (const { name, run } of tokenCases) seen.set(name, await run(world, guest, contract));
	} finally {
		await world.close();
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

	it("is verified as any other, needs its token, and leaves nothing behind", async () => {
		const kernel = await kernelContract(guest);
		const before = await guest.client.call("inventory", { settle: true });
		const seen = await tried(guest, contract);
		expect(seen.get("token-signed")).toMatchObject({ stage: "loaded", errno: 0 });
		const verdict = { verdict: "verified", keyringType: "user", keyringSerial: expect.any(Number) };
		expect(seen.get("token-signed")?.seen).toEqual(recorded ? { verdict } : undefined);
		expect(await guest.client.call("inventory", { settle: true })).toEqual(before);

		for (const { name, promises } of tokenCases) {
			const outcome = (promised: readonly Promised[]) =>
				judged(name, { kernel }, promised, seen.get(name)!).outcome;
			expect(outcome(promises[contract])).toBe("pass");
			const turned = name === "token-signed" ? refused("load", "EPERM") : loads;
			expect(outcome([turned])).toBe("fail");
		}
	});

	it("of another contract is refused", async () => {
		const other = contract === "insns" ? "insns-maps" : "insns";
		const seen = (await tried(guest, other)).get("token-signed");
		expect(seen?.stage).toBe("load");
		expect(seen?.errno).not.toBe(0);
	});

	it("cannot be tried where there are no user namespaces", async () => {
		const data = Buffer.from("0");
		await guest.client.call("file_write", { path: limit, data });
		const seen = await tried(guest, contract);
		for (const { name, promises } of tokenCases) {
			const finding = judged(
				name,
				{ kernel: await kernelContract(guest) },
				promises[contract],
				seen.get(name)!,
			);
			expect(finding.outcome).toBe("skip");
			expect(finding.reason?.message).toMatch(/user-namespace ends with ENOSPC/);
		}
	});
});

it("a kernel that has tokens and knows no signatures refuses the map already", async () => {
	const guest = await machines.clone(await openKernel("6.12"));
	try {
		for (const [, { stage }] of await tried(guest, "insns")) expect(stage).toBe("map-create");
	} finally {
		await guest.dispose();
	}
});
