// SPDX-License-Identifier: Apache-2.0
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openPackage } from "../data/package/package.js";
import { packageDocument } from "../data/signing/document.js";
import { type Identity, issue } from "../data/signing/issue.js";
import { signedBytes } from "../data/signing/layout.js";
import { signaturesOf, signPackage } from "../data/signing/sign.js";
import { type Figure, inTurn, median, rounded } from "./figure.js";

const turns = 3;
const many = 100;
const few = 10;

/**
 * Packages signed per second, one after another, each at its own level and with a loader for each
 * contract; side by side with the same signatures by the `openssl` command from bytes that are
 * ready, which makes no loader.
 */
export async function signingFigure(path: string): Promise<Figure> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-bench-"));
	try {
		const identity = await issue({ type: "rsa", subject: "bench" });
		const copies = Array.from({ length: many }, (_, index) => join(folder, `${index}`));
		for (const copy of copies) await cp(path, copy, { recursive: true });
		const messages = await messagesOf(path, identity);
		const files = { key: join(folder, "key.pem"), certificate: join(folder, "certificate.pem") };
		await writeFile(files.key, identity.privateKey, { mode: 0o600 });
		await writeFile(files.certificate, identity.certificate.pem);
		const { a: ours, b: openssl } = await inTurn(
			turns,
			() =>
				perSecond(copies, (copy) =>
					signPackage(copy, { kind: "memory", pem: identity.privateKey }, identity.certificate),
				),
			() =>
				perSecond(copies.slice(0, few), async () => {
					for (const message of messages) await opensslSigns(message, files);
				}),
		);
		return {
			name: "signing",
			value: rounded(median(ours)),
			unit: "packages/s",
			against: `openssl cms -sign, ${messages.length} a package, without making loaders`,
			ratio: rounded(median(ours) / median(openssl)),
			how: `median of ${turns} runs of ${many} copies of ${path} (other side: ${few}), in turn, one at a time, RSA 3072, ${messages.length} signatures each`,
		};
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function messagesOf(path: string, { privateKey, certificate }: Identity): Promise<Uint8Array[]> {
	const pkg = await openPackage(path);
	const { objects } = await signaturesOf(pkg, { kind: "memory", pem: privateKey }, certificate);
	return [
		packageDocument(pkg, new Uint8Array()),
		...objects.flatMap(({ loaders }) => loaders.map(signedBytes)),
	];
}

async function opensslSigns(
	message: Uint8Array,
	{ key, certificate }: { key: string; certificate: string },
): Promise<void> {
	const identity = ["-signer", certificate, "-inkey", key, "-md", "sha256"];
	const form = ["-binary", "-outform", "DER", "-noattr", "-nocerts", "-keyid"];
	await execa("openssl", ["cms", "-sign", ...identity, ...form], { input: message, encoding: "buffer" });
}

async function perSecond(
	packages: readonly string[],
	sign: (path: string) => Promise<unknown>,
): Promise<number> {
	const started = performance.now();
	for (const path of packages) await sign(path);
	return packages.length / ((performance.now() - started) / 1000);
}
