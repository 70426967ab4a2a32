// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from "node:crypto";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../base/errors.js";
import { type Identity, issue } from "../../data/signing/issue.js";
import type { Action } from "../terminal/command-table.js";
import { readPassphrase } from "../terminal/passphrase.js";
import { makeFolder } from "../terminal/write.js";

const day = 24 * 60 * 60 * 1000;

/** `bpfgate keygen`: a private key and a self-signed certificate for signing packages. */
export const run: Action<"keygen"> = async (_, { out, type, subject, days, passphrase }, { write }) => {
	const secret = passphrase === undefined ? undefined : await readPassphrase(passphrase, true);
	const validTo = new Date(Date.now() + days * day);
	const identity = await issue({ type, subject, validTo });
	await save(out, identity, secret);
	const { subject: name, keyId, key } = identity.certificate;
	write(
		`${join(out, "key.pem")}: private key (${key}${secret === undefined ? "" : ", encrypted"}); keep it secret\n` +
			`${join(out, "certificate.pem")}, .der: ${name}, key ${keyId}, valid until ${identity.certificate.validTo}\n`,
	);
};

/** All three files or none. */
async function save(folder: string, { privateKey, certificate }: Identity, secret?: string): Promise<void> {
	const key =
		secret === undefined
			? privateKey
			: createPrivateKey(privateKey).export({
					type: "pkcs8",
					format: "pem",
					cipher: "aes-256-cbc",
					passphrase: secret,
				});
	const files: [name: string, content: string | Uint8Array, mode: number][] = [
		["key.pem", key, 0o600],
		["certificate.pem", certificate.pem, 0o644],
		["certificate.der", certificate.der, 0o644],
	];
	for (const [name] of files) {
		const path = join(folder, name);
		if (await stat(path).catch(() => undefined))
			throw new InputError(path, "", "already exists; name another folder with --out");
	}
	await makeFolder(folder);
	const written: string[] = [];
	try {
		for (const [name, content, mode] of files) {
			const path = join(folder, name);
			await writeFile(path, content, { flag: "wx", mode });
			written.push(path);
		}
	} catch (error) {
		for (const path of written) await rm(path, { force: true });
		throw error;
	}
}
