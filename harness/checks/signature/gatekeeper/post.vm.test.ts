// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { expect, it } from "vitest";
import { openKernel } from "../../../machine/kernel/store.js";
import { Machines } from "../../../machine/vm/machine.js";
import { type Attack, Post } from "./post.js";
import { examplePackage } from "./testpost.js";

const root = join(import.meta.dirname, "../../../..");
const attacks: Attack[] = ["answer_first", "answer_before"];

it("an attacker's program is attached no more as soon as it is detached", async () => {
	const agent = (arch: string) => join(root, "build/agent", arch, "agent");
	const guest = await new Machines({ agent, accelerator: "tcg" }).clone(await openKernel("5.10"));
	try {
		const post = await Post.prepare(guest, "deny", await examplePackage(), attacks);
		const links = async () => (await guest.client.call("inventory", {})).links.length;
		const without = await links();
		for (const attack of attacks) {
			const gatekeeper = await post.install({ trustedTgid: 1 });
			expect(await post.intruder.fails("load")).toBe("EPERM");
			expect(await post.attach(attack)).toBeUndefined();
			expect(await links()).toBe(without + 2);
			expect(await post.intruder.fails("load")).toBeUndefined();
			await gatekeeper.decisions();

			await post.detach(attack);
			expect(await links()).toBe(without + 1);
			expect(await post.intruder.fails("load")).toBe("EPERM");
			// libbpf tries more than one load here; all of them are to be the gatekeeper's to
			// decide.
			const decisions = await gatekeeper.decisions();
			expect(decisions.length).toBeGreaterThan(0);
			for (const { command, admitted } of decisions)
				expect([command, admitted]).toEqual(["prog_load", false]);
			await gatekeeper.abandon();
			await expect(post.detach(attack)).rejects.toThrow(`${attack} is not attached`);
		}
		await post.leave();
	} finally {
		await guest.dispose();
	}
});
