// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { InputError } from "../../base/errors.js";
import { maxHeaderBytes } from "../../data/signing/bpftool/light-skeleton.js";
import { openKey } from "../../data/signing/key.js";
import { type SignPackageOptions, signPackages } from "../../data/signing/sign.js";
import type { Action } from "../terminal/command-table.js";
import { readPassphrase } from "../terminal/passphrase.js";
import { certificateAt, readSmallFile } from "../terminal/read.js";
import { counted } from "../terminal/table.js";

/** `bpfgate sign`: signs each package, and each of its objects once for each contract. */
export const run: Action<"sign"> = async ([given], options, { write }) => {
	const { key, certificate, passphrase, contracts, lskel = [], out } = options;
	const paths = [given ?? []].flat();
	if (out !== undefined && paths.length > 1)
		throw new InputError("--out", "", `names one archive, but there are ${paths.length} packages`);
	if (lskel.length > 0 && paths.length > 1)
		throw new InputError("--lskel", "", `is for one package, but there are ${paths.length}`);
	const signer = await certificateAt(certificate);
	const headers: NonNullable<SignPackageOptions["headers"]>[number][] = [];
	for (const { object, file } of lskel)
		headers.push({ object, file, bytes: await readSmallFile(file, maxHeaderBytes) });
	const secret = passphrase === undefined ? undefined : await readPassphrase(passphrase);
	const opened = await openKey(key, secret);
	const each = paths.filter(
		(path, at) => paths.findIndex((other) => resolve(other) === resolve(path)) === at,
	);
	const settings = { contracts, headers, ...(out === undefined ? {} : { out }) };
	for await (const { path, signatures } of signPackages(each, opened, signer, settings)) {
		const { objects } = signatures;
		const loaders = objects.reduce((sum, object) => sum + object.loaders.length, 0);
		write(
			`${out ?? path}: signed by ${signer.subject} (key ${signer.keyId}): ` +
				`the package, and ${counted(loaders, "loader")} of ${counted(objects.length, "object")}\n`,
		);
	}
};
