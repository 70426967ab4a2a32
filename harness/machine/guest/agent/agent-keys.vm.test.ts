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

	/** The kernel's line of a key in /proc/keys. */
	async function known(serial: number): Promise<string | undefined> {
		const { data } = await client.call("file_read", { path: "/proc/keys" });
		const start = serial.toString(16).padStart(8, "0");
		return Buffer.from(data)
			.toString()
			.split("\n")
			.find((line) => line.startsWith(start));
	}

	it("has its own session keyring, and using keyrings leaves nothing behind", async () => {
		const { serial } = await client.call("key_id", { key: session });
		expect(await known(serial)).toMatch(/ 0 +0 keyring +bpfgate: /);
		for (const key of Object.values(keySpecs)) {
			if (key !== keySpecs.group) await client.call("key_id", { key });
		}
		expect(await left()).toEqual([]);
	});

	it("takes certificates as asymmetric keys, and refuses invalid ones", async () => {
		const type = "asymmetric";
		const rsa = { type, payload: await certificate("-newkey", "rsa:2048"), keyring: session };
		const { serial } = await client.call("key_add", rsa);
		expect(await known(serial)).toMatch(/ 0 +0 asymmetri a test: [0-9a-f]+: /);
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

	it("revokes, unlinks and restricts", async () => {
		const ring = (await client.call("key_add", { type: "keyring", description: "r", keyring: session }))
			.serial;
		const payload = Buffer.from("secret");
		const key = (await client.call("key_add", { type: "user", description: "k", payload, keyring: ring }))
			.serial;
		expect((await left()).sort()).toEqual(["keyring r", "user k"]);
		await client.call("key_revoke", { key });
		await expect(client.call("key_permit", { key, permissions: 0 })).rejects.toMatchObject({
			errnoName: "EKEYREVOKED",
		});
		await client.call("key_unlink", { key, keyring: ring });

		await client.call("key_restrict", { keyring: ring });
		await expect(
			client.call("key_add", { type: "user", description: "late", payload, keyring: ring }),
		).rejects.toMatchObject({ errnoName: "EPERM" });
		await client.call("key_unlink", { key: ring, keyring: session });
		expect(await left()).toEqual([]);
	});
});
