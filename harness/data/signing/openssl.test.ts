// SPDX-License-Identifier: Apache-2.0
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it, vi } from "vitest";
import { temporaryFolder } from "../package/testpackage.js";
import { signDetached } from "./cms.js";
import { issue } from "./issue.js";
import { openKey } from "./key.js";

const reason = "openssl: is not installed; keys in PKCS#11 tokens sign through it";

/** A PATH with a shell's tools, and no openssl. */
async function withoutOpenssl() {
	const folder = await temporaryFolder();
	const bin = join(folder.path, "bin");
	await mkdir(bin);
	const { stdout } = await execa("sh", ["-c", "command -v cat"]);
	await symlink(stdout, join(bin, "cat"));
	vi.stubEnv("PATH", bin);
	return {
		async [Symbol.asyncDispose]() {
			vi.unstubAllEnvs();
			await folder[Symbol.asyncDispose]();
		},
	};
}

it("without openssl a token is out of reach, and what kernels must refuse is not made; what says why", async () => {
	const { privateKey, certificate } = await issue({ type: "ecdsa" });
	const key = { kind: "memory" as const, pem: privateKey };
	await using _ = await withoutOpenssl();
	await expect(openKey("pkcs11:object=a")).rejects.toThrow(reason);
	const attack = signDetached(new Uint8Array(10), key, certificate, { attributes: true });
	await expect(attack).rejects.toThrow(reason);
	expect(await signDetached(new Uint8Array(10), key, certificate)).toBeInstanceOf(Uint8Array);
});

it("without a way of openssl's into tokens the packages that have one are named", async () => {
	await using folder = await temporaryFolder({ "openssl.cnf": "" });
	vi.stubEnv("OPENSSL_MODULES", folder.path);
	vi.stubEnv("OPENSSL_ENGINES", folder.path);
	vi.stubEnv("OPENSSL_CONF", join(folder.path, "openssl.cnf"));
	try {
		await expect(openKey("pkcs11:object=a")).rejects.toThrow(/pkcs11-provider\) or engine \(libengine/);
	} finally {
		vi.unstubAllEnvs();
	}
});
