// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { InputError } from "../../base/errors.js";
import { type Certificate, readCertificate } from "../../data/signing/certificate.js";
import { type Contract, contracts } from "../../data/signing/contract.js";
import { openKey } from "../../data/signing/key.js";
import { signPackages } from "../../data/signing/sign.js";
import { readSmallFile } from "../terminal/read.js";
import { readPassphrase } from "./passphrase.js";

interface Options {
	key: string;
	certificate: string;
	passphrase?: string;
	contracts: readonly Contract[];
	out?: string;
}

/**
 * `bpfgate sign <package...>`: signs each package, and for each object of it a loader for each
 * contract.
 */
export function signCommand(write: (text: string) => void = (text) => process.stdout.write(text)): Command {
	return new Command("sign")
		.description("sign a package, and its programs for the kernels that verify signatures")
		.argument(
			"<package...>",
			"folder with bpfgate.json, into which signatures/ is written, or archive of one",
		)
		.requiredOption("--key <file|pkcs11:uri>", "private key: PEM file, or PKCS#11 URI")
		.requiredOption("--certificate <file>", "its certificate, PEM or DER")
		.option("--passphrase <source>", "of an encrypted key, or PIN of a token: env:NAME, file:PATH or prompt")
		.option(
			"--contracts <list>",
			`what kernels shall verify: ${contracts.join(", ")}, or none`,
			contractList,
			contracts,
		)
		.option("--out <archive>", "signed archive to write, when the package is an archive")
		.action(async (paths: string[], { key, certificate, passphrase, contracts, out }: Options) => {
			if (out !== undefined && paths.length > 1)
				throw new InputError("--out", "", `names one archive, and there are ${paths.length} packages`);
			const signer = await certificateAt(certificate);
			const secret = passphrase === undefined ? undefined : await readPassphrase(passphrase);
			const opened = await openKey(key, secret);
			const each = paths.filter(
				(path, at) => paths.findIndex((other) => resolve(other) === resolve(path)) === at,
			);
			const options = out === undefined ? { contracts } : { contracts, out };
			for await (const { path, signatures } of signPackages(each, opened, signer, options)) {
				const { objects } = signatures;
				const loaders = objects.reduce((sum, object) => sum + object.loaders.length, 0);
				write(
					`${out ?? path}: signed by ${signer.subject} (key ${signer.keyId}): ` +
						`the package, and ${counted(loaders, "loader")} of ${counted(objects.length, "object")}\n`,
				);
			}
		});
}

function counted(count: number, thing: string): string {
	return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** @throws InputError when there is no certificate in that file */
export async function certificateAt(path: string): Promise<Certificate> {
	return readCertificate(path, await readSmallFile(path));
}

function contractList(text: string): Contract[] {
	if (text === "none") return [];
	const named = text.split(",").map((name) => {
		const contract = contracts.find((known) => known === name.trim());
		if (!contract) throw new InvalidArgumentError(`It must be none, or a list of ${contracts.join(", ")}.`);
		return contract;
	});
	return [...new Set(named)];
}
