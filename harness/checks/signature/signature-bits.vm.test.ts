// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assemble, returns } from "../../base/insn.js";
import { keySpecs } from "../../base/keys.js";
import { signDetached } from "../../data/signing/cms.js";
import { wrongSignature } from "../../data/signing/cms-read.js";
import { der, oid, readAll, readDer, tag } from "../../data/signing/der.js";
import { type Identity, issue } from "../../data/signing/issue.js";
import { flipped } from "../../data/signing/testflips.js";
import { progLoad, progLoadSize, tryBpf } from "../../machine/guest/bpf-call.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";

const sleepable = 1 << 4;
const insns = assemble(returns(0));
const constructed = 0x20;

/** Which bit was changed, in the words of docs/signatures.md. */
function kindOf(cms: Uint8Array, bit: number): string {
	const at = bit >> 3;
	const within = (identifier: string, from = 0) => {
		const bytes = oid(identifier);
		const start = Buffer.from(cms).indexOf(bytes, from);
		return start >= 0 && at >= start + 2 && at < start + bytes.length;
	};
	if (within("2.16.840.1.101.3.4.2.1")) return "the digest that the message announces";
	if (within("1.2.840.10045.4.3.2")) return "the digest in the name of ECDSA's algorithm";
	if (within("1.2.840.113549.1.1.1") || Buffer.from(cms).indexOf(der(tag.null)) === at)
		return "the parameters of RSA's algorithm";
	if (cms[at] === tag.set && bit % 8 === 7) return "SET to SEQUENCE";
	return (cms[at]! & constructed) !== 0 && bit % 8 === 2
		? "a tag's bit for constructed values"
		: `bit ${bit}`;
}

/** The table of the documentation: how many such changes kernels take. */
async function documented(column: number): Promise<Record<string, number>> {
	const text = await readFile(new URL("../../../docs/signatures.md", import.meta.url), "utf8");
	const section = text.split("### What kernels take and `verify` does not")[1]?.split("\n#")[0] ?? "";
	const rows = section.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
	const counts = rows.map((row): [string, number] => [row[1] ?? "", Number(row[column])]);
	return Object.fromEntries(counts.filter(([what, count]) => what !== "" && count > 0));
}

describe("a signature with one bit changed, on 7.3 and by verify", () => {
	let guest: Guest;
	beforeAll(async () => {
		guest = await new Machines({ agent: agentPath }).clone(await openKernel("7.3"));
	});
	afterAll(() => guest.dispose());

	async function trusting({ certificate }: Identity): Promise<(cms: Uint8Array) => Promise<boolean>> {
		const ring = { type: "keyring", description: certificate.subject, keyring: keySpecs.session };
		const { serial } = await guest.client.call("key_add", ring);
		const key = { type: "asymmetric", payload: certificate.der, keyring: serial };
		await guest.client.call("key_add", key);
		return async (cms) => {
			const attr = progLoad("syscall", insns, progLoadSize.signed)
				.u32(44, sleepable)
				.pointer(152, cms)
				.u32(160, cms.length)
				.s32(164, serial);
			return (await tryBpf(guest.client, "prog_load", attr)).errno === 0;
		};
	}

	it.each([
		{ type: "rsa2048", column: 2 },
		{ type: "ecdsa", column: 3 },
	] as const)("of $type: neither takes more than docs/signatures.md says", async ({ type, column }) => {
		const identity = await issue({ type, subject: type });
		const { privateKey: pem, certificate } = identity;
		const taken = await trusting(identity);
		const cms = await signDetached(insns, { kind: "memory", pem }, certificate);
		expect(await taken(cms)).toBe(true);
		expect(wrongSignature(insns, cms, certificate)).toBeUndefined();
		const kinds: Record<string, number> = {};
		for (const { bit, changed } of flipped(cms)) {
			const wrong = wrongSignature(insns, changed, certificate);
			expect(wrong, `bit ${bit}`).toBeDefined();
			// Of the numbers in an ECDSA signature two bits a byte: they are slow to verify.
			if (type === "ecdsa" && wrong?.includes("does not match") && bit % 8 > 0 && bit % 8 !== 2) continue;
			if (!(await taken(changed))) continue;
			const kind = kindOf(cms, bit);
			kinds[kind] = (kinds[kind] ?? 0) + 1;
		}
		expect(kinds).toEqual(await documented(column));
	});

	it("and of other forms, which only kernels take", async () => {
		const identity = await issue({ type: "ecdsa", subject: "forms" });
		const { privateKey: pem, certificate } = identity;
		const taken = await trusting(identity);
		const sign = (options = {}) => signDetached(insns, { kind: "memory", pem }, certificate, options);
		const cms = Buffer.from(await sign());
		const forms: [string, Uint8Array, RegExp][] = [
			["bytes behind it", Buffer.concat([cms, Buffer.alloc(8)]), /is not a CMS signature in DER form/],
			["a length in more bytes", longer(cms), /is not a CMS signature in DER form/],
			["attributes that are not signed", withAttributes(cms), /attributes that are not signed/],
			["signed attributes", await sign({ attributes: true }), /is over attributes/],
			["named by issuer and serial", await sign({ issuerAndSerial: true }), /subject key identifier/],
		];
		for (const [form, bytes, reason] of forms) {
			expect(await taken(bytes), form).toBe(true);
			expect(wrongSignature(insns, bytes, certificate), form).toMatch(reason);
		}
	});
});

/** The same message with an attribute of its signer, which is not signed. */
function withAttributes(cms: Uint8Array): Uint8Array {
	const inside = (bytes: Uint8Array) => readAll(readDer(bytes).content).map((value) => value.bytes);
	const [type, content] = inside(cms);
	const [signed] = inside(content!);
	const fields = inside(signed!);
	const [signer] = inside(fields.at(-1)!);
	const attribute = der(tag.sequence, oid("1.2.3.4"), der(tag.set, der(tag.null)));
	const changed = der(tag.sequence, ...inside(signer!), der(tag.constructed(1), attribute));
	const whole = der(tag.sequence, ...fields.slice(0, -1), der(tag.set, changed));
	return der(tag.sequence, type!, der(tag.constructed(0), whole));
}

/** The same message with the length of the whole in two bytes, where one is enough. */
function longer(cms: Uint8Array): Uint8Array {
	const [, form, length] = cms;
	expect(form).toBe(0x81);
	return Buffer.concat([Buffer.of(tag.sequence, 0x82, 0, length!), cms.subarray(3)]);
}
