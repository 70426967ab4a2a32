// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openPackage } from "../harness/data/package/package.js";
import { bpftoolOf, builtBpftool } from "../harness/data/signing/bpftool/testbpftool.js";
import { unfit } from "../harness/data/signing/certificate.js";
import { signDetached } from "../harness/data/signing/cms.js";
import { wrongSignature } from "../harness/data/signing/cms-read.js";
import { packageDocument } from "../harness/data/signing/document.js";
import { issue } from "../harness/data/signing/issue.js";
import { type Layout, layoutFormat, layoutVersion, readSignatures } from "../harness/data/signing/layout.js";
import { lintLoader } from "../harness/data/signing/lint/lint.js";
import { type SignedExample, signedExamples, signedObject } from "./signed.js";

const programs = fileURLToPath(new URL(".", import.meta.url));
const header = "udp-quota.lskel.h";
const firstYear = 2024;
const lastYear = 2125;

/**
 * Signs an example again with a key that is then deleted. `BPFGATE_BPFTOOL_7_7` is where bpftool
 * 7.7 was built.
 */
async function renew({ package: name, suite }: SignedExample): Promise<void> {
	const folder = join(programs, name);
	const signatures = join(folder, "signatures");
	const { privateKey, certificate } = await issue({
		subject: `bpfgate example ${name}`,
		validFrom: new Date(Date.UTC(firstYear, 0, 1)),
		validTo: new Date(Date.UTC(lastYear, 0, 1)),
	});
	await rm(signatures, { recursive: true, force: true });
	await mkdir(signatures);
	const pkg = await openPackage(folder);
	const put = (file: string, content: Uint8Array | string) => writeFile(join(signatures, file), content);
	await put("certificate.pem", certificate.pem);
	const identity = ["-k", "/dev/fd/3", "-i", join(signatures, "certificate.pem")];
	const args = ["gen", "skeleton", "-L", "-S", ...identity, join(folder, signedObject)];
	const bpftool = await (suite
		? bpftoolOf(suite)
		: builtBpftool(process.env.BPFGATE_BPFTOOL_7_7 ?? "bpftool"));
	await put(header, await bpftool.run(args, privateKey));
	await put(
		"package.p7s",
		await signDetached(packageDocument(pkg), { kind: "memory", pem: privateKey }, certificate),
	);
	const layout: Layout = {
		format: layoutFormat,
		version: layoutVersion,
		package: { sha256: pkg.sha256, cms: "package.p7s" },
		certificate: "certificate.pem",
		objects: [{ object: signedObject, sha256: sha256(pkg.objects[0]!.bytes), loaders: [{ lskel: header }] }],
	};
	await put("signatures.json", `${JSON.stringify(layout, null, "\t")}\n`);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe.each(signedExamples)("$package", (example) => {
	const folder = join(programs, example.package);

	test("is signed as it is said to be", async () => {
		if (process.env.BPFGATE_WRITE_SIGNED === "1") await renew(example);
		const pkg = await openPackage(folder);
		const signatures = readSignatures(pkg)!;
		const { certificate } = signatures;
		expect(wrongSignature(packageDocument(pkg), signatures.package.cms, certificate)).toBeUndefined();
		expect(unfit(certificate, Date.now())).toBeUndefined();
		const years = [certificate.validFrom, certificate.validTo].map((date) => new Date(date).getUTCFullYear());
		expect(years).toEqual([firstYear, lastYear]);
		const [object] = pkg.objects;
		expect(signatures.objects).toMatchObject([{ object: object!.file, sha256: sha256(object!.bytes) }]);
		const [loader, other] = signatures.objects[0]!.loaders;
		expect(other).toBeUndefined();
		expect(loader).toMatchObject({
			contract: example.contract,
			maps: ["sent", "arrived", ".rodata", ".bss"],
			programs: ["limit_udp", "count_udp"],
		});
		expect(lintLoader(loader!, { object: object!, certificate }).map(({ code }) => code)).toEqual(
			example.lint,
		);
	});

	test("comes without the key, and with the others' object and vectors", async () => {
		const names = await readdir(join(folder, "signatures"));
		expect(names.sort()).toEqual(["certificate.pem", "package.p7s", "signatures.json", header]);
		for (const name of names)
			expect(await readFile(join(folder, "signatures", name), "latin1")).not.toContain("PRIVATE KEY");
		const first = join(programs, signedExamples[0]!.package);
		for (const name of [signedObject, "vectors/quota.yaml"])
			expect(await readFile(join(folder, name))).toEqual(await readFile(join(first, name)));
	});
});
