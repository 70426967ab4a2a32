// SPDX-License-Identifier: Apache-2.0

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assemble, returns } from "../../base/insn.js";
import { keySpecs } from "../../base/keys.js";
import { signDetached } from "../../data/signing/cms.js";
import { issue } from "../../data/signing/issue.js";
import { bpf, progLoad, progLoadSize } from "../../machine/guest/bpf-call.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { readVerdicts, VerdictReader } from "./signature-verdict.js";

describe.each([
	{ id: "5.10", signatures: false, recorded: false },
	{ id: "6.18", signatures: true, recorded: false },
	{ id: "7.3", signatures: true, recorded: true },
])("verdicts on $id", ({ id, signatures, recorded }) => {
	const insns = assemble(returns(0));
	let guest: Guest;

	beforeAll(async () => {
		guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
	});
	afterAll(() => guest.dispose());

	async function load(type: string, signature?: { cms: Uint8Array; keyring: number }): Promise<number> {
		const attr = progLoad(type, insns, signature ? progLoadSize.signed : progLoadSize.unsigned);
		if (signature)
			attr
				.u32(44, 1 << 4)
				.pointer(152, signature.cms)
				.u32(160, signature.cms.length)
				.s32(164, signature.keyring);
		const loaded = await bpf(guest.client, "prog_load", attr);
		expect(loaded.errno).toBe(0);
		return loaded.fd!;
	}

	it("are inWords of each program but the reader's own", async () => {
		const before = await guest.client.call("inventory", { settle: true });
		const handles = [await load("socket_filter")];
		const known = new Set(before.programs.map((each) => each.id));
		const added = async () => {
			const { programs } = await guest.client.call("inventory", {});
			return programs.map((each) => each.id).filter((each) => !known.has(each));
		};
		const [unsigned] = await added();
		const verdicts = await readVerdicts(guest);
		expect([...verdicts.keys()].filter((each) => !known.has(each))).toEqual([unsigned]);
		const none = { verdict: "unsigned", keyringType: "none", keyringSerial: 0 };
		expect(verdicts.get(unsigned!)).toEqual(recorded ? none : undefined);

		const reader = await VerdictReader.open(guest);
		const { privateKey, certificate } = await issue({ type: "rsa2048" });
		const inSession = { keyring: keySpecs.session };
		const ring = { type: "keyring", description: "signers", ...inSession };
		const { serial } = await guest.client.call("key_add", ring);
		const key = { type: "asymmetric", payload: certificate.der, keyring: serial };
		await guest.client.call("key_add", key);
		if (signatures) {
			const cms = await signDetached(insns, { kind: "memory", pem: privateKey }, certificate);
			for (const keyring of [keySpecs.session, serial]) {
				known.clear();
				for (const each of (await guest.client.call("inventory", {})).programs) known.add(each.id);
				handles.push(await load("syscall", { cms, keyring }));
				const session = (await guest.client.call("key_id", { key: keySpecs.session })).serial;
				const keyringSerial = keyring === serial ? serial : session;
				const [signed] = await added();
				expect((await reader.read()).get(signed!)).toEqual(
					recorded ? { verdict: "verified", keyringType: "user", keyringSerial } : undefined,
				);
			}
		}
		await reader.close();
		await guest.client.call("key_unlink", { key: serial, ...inSession });
		for (const handle of handles) await guest.client.call("close", { handle });
		expect(await guest.client.call("inventory", { settle: true })).toEqual(before);
	});
});
