// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from "node:crypto";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../../base/errors.js";
import { type Identity, issue, type KeyType } from "../../data/signing/issue.js";
import { makeFolder } from "../terminal/write.js";
import { readPassphrase } from "./passphrase.js";

interface Options {
	out: string;
	type: KeyType;
	subject: string;
	days: number;
	passphrase?: string;
}

const day = 24 * 60 * 60 * 1000;

/**
 * `bpfgate keygen`: a private key and a self-signed certificate with which packages can be signed.
 */
export function keygenCommand(write: (text: string) => void = (text) => process.stdout.write(text)): Command {
	return new Command("keygen")
		.description("make a key and a certificate for signing packages")
		.requiredOption("--out <folder>", "where to write key.pem, certificate.pem and certificate.der")
		.addOption(new Option("--type <type>", "kind of key").choices(["rsa", "ecdsa"]).default("rsa"))
		.option("--subject <name>", "common name in the certificate", commonName, "bpfgate")
		.option("--days <n>", "how long the certificate is valid", days, 365)
		.option("--passphrase <source>", "encrypt the key: env:NAME, file:PATH or prompt")
		.action(async ({ out, type, subject, days, passphrase }: Options) => {
			const secret = passphrase === undefined ? undefined : await readPassphrase(passphrase, true);
			const validTo = new Date(Date.now() + days * day);
			const identity = await issue({ type, subject, validTo });
			await save(out, identity, secret);
			const { subject: name, keyId, key } = identity.certificate;
			write(
				`${join(out, "key.pem")}: private key (${key}${secret === undefined ? "" : ", encrypted"}), for nobody but you\n` +
					`${join(out, "certificate.pem")}, .der: ${name}, key ${keyId}, valid until ${identity.certificate.validTo}\n`,
			);
		});
}

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
		if (await stat(path).catch(() => undefined)) throw new InputError(path, "", "is there already");
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

/** RFC 5280, appendix A.1: ub-common-name. */
const maxCommonName = 64;

function commonName(text: string): string {
	if (text.trim() === "" || text.length > maxCommonName || /\p{C}/u.test(text))
		throw new InvalidArgumentError(
			`It must have 1 to ${maxCommonName} characters, none of which controls a terminal.`,
		);
	return text;
}

function days(text: string): number {
	const number = Number(text);
	if (!/^\d+$/.test(text) || number < 1 || number > 36500)
		throw new InvalidArgumentError("It must be a whole number from 1 to 36500.");
	return number;
}
