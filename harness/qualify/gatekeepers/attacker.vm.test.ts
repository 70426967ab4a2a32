// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { Gatekeeper } from "../../checks/signature/gatekeeper/gatekeeper.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { Attacker, type AttackProgram } from "./attacker.js";

const programs: AttackProgram[] = ["answer_first", "answer_before"];

it("an attacker's program no longer answers when detach returns", async () => {
	const guest = await new Machines({ agent: agentPath }).clone(await openKernel("5.10"));
	try {
		const attacker = await Attacker.prepare(guest, programs);
		const { intruder } = attacker;
		const links = async () => (await guest.client.call("inventory", {})).links.length;
		const without = await links();
		for (const attack of programs) {
			const gatekeeper = await Gatekeeper.install({ guest, name: "deny" }, { trustedTgid: 1 });
			expect(await intruder.fails("load")).toBe("EPERM");
			expect(await attacker.attach(attack)).toBeUndefined();
			expect(await links()).toBe(without + 2);
			expect(await intruder.fails("load")).toBeUndefined();
			await gatekeeper.decisions();

			await attacker.detach(attack);
			expect(await links()).toBe(without + 1);
			expect(await intruder.fails("load")).toBe("EPERM");
			// libbpf tries more than one load here; the gatekeeper must decide about all of them.
			const decisions = await gatekeeper.decisions();
			expect(decisions.length).toBeGreaterThan(0);
			for (const { command, admitted } of decisions)
				expect([command, admitted]).toEqual(["prog_load", false]);
			await gatekeeper.abandon();
			await expect(attacker.detach(attack)).rejects.toThrow(`${attack} is not attached`);
		}
		await attacker.leave();
	} finally {
		await guest.dispose();
	}
});
