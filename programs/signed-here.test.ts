// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openPackage } from "../harness/data/package/package.js";
import { contracts } from "../harness/data/signing/contract.js";
import { issue } from "../harness/data/signing/issue.js";
import { signPackage } from "../harness/data/signing/sign.js";
import { verifyPackage } from "../harness/data/signing/verify.js";
import { ownSigned, signedExamples, signedObject } from "./signed.js";

const programs = fileURLToPath(new URL(".", import.meta.url));
const original = join(programs, signedExamples[0]!.package, signedObject);
const quota = { signed: 2, changed: 200 };
const date = (year: number) => new Date(Date.UTC(year, 0, 1));

/** The object with another constant: the only word of `.rodata`. */
async function withQuota(value: number): Promise<Uint8Array> {
	const object = (await openPackage(original)).objects[0]!;
	const { data } = object.elf.sections.find(({ name }) => name === ".rodata")!;
	const bytes = Uint8Array.from(object.bytes);
	const at = data.byteOffset - object.bytes.byteOffset;
	const view = new DataView(bytes.buffer);
	expect(view.getUint32(at, true)).toBe(quota.signed);
	view.setUint32(at, value, true);
	return bytes;
}

/** Signs the three again with keys that are then deleted. */
async function renew(name: string): Promise<void> {
	const folder = join(programs, name);
	await writeFile(join(folder, signedObject), await readFile(original));
	const expired = name === ownSigned.expired;
	const { privateKey, certificate } = await issue({
		subject: `bpfgate example ${name}`,
		validFrom: date(2024),
		validTo: date(expired ? 2025 : 2125),
	});
	const now = date(2024).getTime() + 1;
	await signPackage(folder, { kind: "memory", pem: privateKey }, certificate, { now });
	if (name === ownSigned.tampered)
		await writeFile(join(folder, signedObject), await withQuota(quota.changed));
}

if (process.env.BPFGATE_WRITE_SIGNED_HERE === "1")
	for (const name of Object.values(ownSigned)) await renew(name);

const verified = async (name: string) => verifyPackage(await openPackage(join(programs, name)));

test("signed-filter is valid for each contract", async () => {
	const { problems, objects } = await verified(ownSigned.good);
	expect(problems).toEqual([]);
	expect(objects).toMatchObject([
		{ object: signedObject, contracts: contracts.map((contract) => ({ contract, state: "valid" })) },
	]);
});

test("bad-signed-tampered has another object than was signed", async () => {
	const { verdict, problems } = await verified(ownSigned.tampered);
	expect(verdict).toBe("invalid");
	expect(problems).toEqual([`${signedObject}: was changed after it was signed`]);
	expect(await readFile(join(programs, ownSigned.tampered, signedObject))).toEqual(
		Buffer.from(await withQuota(quota.changed)),
	);
});

test("bad-signed-expired is valid but for its certificate", async () => {
	const { problems, objects } = await verified(ownSigned.expired);
	expect(problems).toEqual([expect.stringContaining("it expired at 2025-01-01")]);
	expect(objects[0]?.contracts.map(({ state }) => state)).toEqual(contracts.map(() => "valid"));
});

describe.each(Object.values(ownSigned))("%s", (name) => {
	test("comes without the key", async () => {
		const folder = join(programs, name, "signatures");
		const files = await readdir(folder, { recursive: true, withFileTypes: true });
		for (const file of files.filter((each) => each.isFile()))
			expect(await readFile(join(file.parentPath, file.name), "latin1")).not.toContain("PRIVATE KEY");
	});

	test("has the vectors of the others", async () => {
		const file = "vectors/quota.yaml";
		expect(await readFile(join(programs, name, file))).toEqual(
			await readFile(join(programs, signedExamples[0]!.package, file)),
		);
	});
});
