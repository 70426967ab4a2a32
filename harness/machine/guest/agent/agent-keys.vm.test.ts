// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keySpecs } from "../../../base/keys.js";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import type { GuestClient } from "../client.js";

const root = join(import.meta.dirname, "../../../..");
const machines = new Machines({
	agent: (arch) => join(root, "build/agent", arch, "agent"),
	accelerator: "tcg",
});

async function certificate(...algorithm: string[]): Promise<Uint8Array> {
	const args = ["req", "-x509", "-nodes", "-keyout", "/dev/null", "-outform", "DER", "-subj", "/CN=a test"];
	return (await execa("openssl", [...args, ...algorithm], { encoding: "buffer" })).stdout;
}

describe.each([
	{ id: "5.10", ecdsa: false },
	{ id: "6.18", ecdsa: true },
	{ id: "7.3", ecdsa: true },
])("keys on $id", ({ id, ecdsa }) => {
	const { session } = keySpecs;
	let guest: Guest;
	let client: GuestClient;
	let fresh: string[];

	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
		client = guest.client;
		fresh = (await client.call("inventory", {})).keys;
	});

	afterAll(() => guest.dispose());

	/** What there is now that a fresh guest has not. */
	async function left(): Promise<string[]> {
		const { keys } = await client.call("inventory", { settle: true });
		return keys.filter((key) => !fresh.includes(key)).map((key) => key.slice(9));
	}

	it("has its own session keyring, and using keyrings leaves nothing behind", async () => {
		const { serial } = await client.call("key_id", { key: session });
		const { description } = await client.call("key_describe", { key: serial });
		expect(description).toMatch(/^keyring;0;0;[0-9a-f]+;bpfgate$/);
		for (const key of Object.values(keySpecs)) {
			if (key !== keySpecs.group) await client.call("key_id", { key });
		}
		expect(await left()).toEqual([]);
	});

	it("takes certificates as asymmetric keys, and refuses invalid ones", async () => {
		const type = "asymmetric";
		const rsa = { type, payload: await certificate("-newkey", "rsa:2048"), keyring: session };
		const { serial } = await client.call("key_add", rsa);
		const { description } = await client.call("key_describe", { key: serial });
		expect(description).toMatch(/^asymmetric;0;0;[0-9a-f]+;a test: [0-9a-f]+$/);
		expect((await left()).map((key) => key.split(" ")[0])).toEqual(["asymmetric"]);
		await client.call("key_unlink", { key: serial, keyring: session });

		const payload = await certificate("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256");
		const added = client.call("key_add", { type, payload, keyring: session });
		if (ecdsa) await client.call("key_unlink", { key: (await added).serial, keyring: session });
		else await expect(added).rejects.toMatchObject({ errnoName: "ENOPKG" });

		const junk = { type, payload: Buffer.from("not a certificate"), keyring: session };
		await expect(client.call("key_add", junk)).rejects.toMatchObject({ errnoName: "EBADMSG" });
		expect(await left()).toEqual([]);
	});

	it("links, finds, revokes, limits and restricts", async () => {
		const ring = (await client.call("key_add", { type: "keyring", description: "r", keyring: session }))
			.serial;
		const payload = Buffer.from("secret");
		const key = (await client.call("key_add", { type: "user", description: "k", payload, keyring: ring }))
			.serial;
		expect((await client.call("key_read", { key })).data).toEqual(new Uint8Array(payload));
		expect(
			(await client.call("key_search", { keyring: session, type: "user", description: "k" })).serial,
		).toBe(key);
		expect((await left()).sort()).toEqual(["keyring r", "user k"]);
		await client.call("key_link", { key, keyring: session });
		await client.call("key_clear", { key: ring });
		await client.call("key_timeout", { key, seconds: 1000 });
		await client.call("key_revoke", { key });
		await expect(client.call("key_read", { key })).rejects.toMatchObject({ errnoName: "EKEYREVOKED" });
		await client.call("key_unlink", { key, keyring: session });

		await client.call("key_restrict", { keyring: ring });
		await expect(
			client.call("key_add", { type: "user", description: "late", payload, keyring: ring }),
		).rejects.toMatchObject({ errnoName: "EPERM" });
		await client.call("key_invalidate", { key: ring });
		await expect(client.call("key_describe", { key: ring })).rejects.toMatchObject({ errnoName: "ENOKEY" });
		expect(await left()).toEqual([]);
	});
});
