// SPDX-License-Identifier: Apache-2.0
import { access, cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openPackage } from "../package/package.js";
import { temporaryFolder } from "../package/testpackage.js";
import { signDetached } from "./cms.js";
import { type Identity, issue } from "./issue.js";
import { openKey } from "./key.js";
import { signPackage } from "./sign.js";
import { verifyPackage } from "./verify.js";

/**
 * Boots nothing, but needs of ci/requirements.txt a token in software and what openssl reaches it
 * through.
 */
const modules = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so"];
const example = fileURLToPath(new URL("../../../programs/xdp-filter", import.meta.url));
const pin = "135790";
const uri = (object: string) => `pkcs11:token=bpfgate;object=${object};type=private`;
const content = new TextEncoder().encode("what is signed\n");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const identities: Record<string, Identity> = {};

beforeAll(async () => {
	folder = await temporaryFolder();
	const tokens = join(folder.path, "tokens");
	const configuration = join(folder.path, "softhsm2.conf");
	await mkdir(tokens);
	await writeFile(configuration, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`);
	vi.stubEnv("SOFTHSM2_CONF", configuration);
	const there = await Promise.all(
		modules.map((path) =>
			access(path).then(
				() => path,
				() => undefined,
			),
		),
	);
	vi.stubEnv(
		"PKCS11_MODULE_PATH",
		there.find((path) => path !== undefined),
	);
	vi.stubEnv(
		"PKCS11_PROVIDER_MODULE",
		there.find((path) => path !== undefined),
	);
	const token = ["--label", "bpfgate", "--pin", pin, "--so-pin", "97531"];
	await execa("softhsm2-util", ["--init-token", "--free", ...token]);
	for (const [at, type] of (["rsa2048", "ecdsa"] as const).entries()) {
		const identity = await issue({ type, subject: `token ${type}` });
		identities[type] = identity;
		// softhsm2-util takes files alone, so that this throwaway key is in one.
		const path = join(folder.path, `${type}.pem`);
		await writeFile(path, identity.privateKey, { mode: 0o600 });
		const place = ["--token", "bpfgate", "--pin", pin, "--label", type, "--id", `0${at + 1}`];
		await execa("softhsm2-util", ["--import", path, ...place]);
	}
});
afterAll(async () => {
	vi.unstubAllEnvs();
	await folder[Symbol.asyncDispose]();
});

describe("a key in a PKCS#11 token", () => {
	it("of RSA signs the same bytes as in a file", async () => {
		const { privateKey, certificate } = identities.rsa2048!;
		const key = await openKey(uri("rsa2048"), pin);
		expect(await signDetached(content, key, certificate)).toEqual(
			await signDetached(content, { kind: "memory", pem: privateKey }, certificate),
		);
	});

	it.each(["rsa2048", "ecdsa"])("of %s signs a package", async (type) => {
		const { certificate } = identities[type]!;
		const path = join(folder.path, `package-${type}`);
		await cp(example, path, { recursive: true });
		await signPackage(path, await openKey(uri(type), pin), certificate);
		const result = await verifyPackage(await openPackage(path), { trusted: [certificate] });
		expect(result).toMatchObject({ verdict: "valid", problems: [] });
		expect(result.objects[0]?.contracts.map(({ state }) => state)).toEqual(["valid", "valid", "valid"]);
	});

	it("that is another's, not there, or locked is said to be, and says nothing of itself", async () => {
		const sign = async (object: string, secret: string, type = object) =>
			signDetached(content, await openKey(uri(object), secret), identities[type]!.certificate);
		await expect(sign("rsa2048", pin, "ecdsa")).rejects.toThrow("does not belong to the certificate of");
		for (const [object, secret] of [
			["absent", pin],
			["ecdsa", "000000"],
		] as const) {
			const error: Error = await sign(object, secret, "ecdsa").then(
				() => new Error("signed"),
				(thrown) => thrown,
			);
			expect(error.message).toMatch(/^the PKCS#11 key: cannot be used: .*check the URI, the PIN/);
			expect(error.message).not.toMatch(/000000|135790|\n/);
		}
	});
});
