// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openPackage } from "../harness/data/package/package.js";
import { temporaryFolder } from "../harness/data/package/testpackage.js";
import { bpftoolOf, builtBpftool } from "../harness/data/signing/bpftool/testbpftool.js";
import { issue } from "../harness/data/signing/issue.js";
import { readSignatures } from "../harness/data/signing/layout.js";
import { lintLoader } from "../harness/data/signing/lint/lint.js";
import { signPackage } from "../harness/data/signing/sign.js";
import { verifyPackage } from "../harness/data/signing/verify.js";
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
	const { privateKey, certificate } = await issue({
		subject: `bpfgate example ${name}`,
		validFrom: new Date(Date.UTC(firstYear, 0, 1)),
		validTo: new Date(Date.UTC(lastYear, 0, 1)),
	});
	await using temporary = await temporaryFolder({ "certificate.pem": certificate.pem });
	const identity = ["-k", "/dev/fd/3", "-i", join(temporary.path, "certificate.pem")];
	const args = ["gen", "skeleton", "-L", "-S", ...identity, join(folder, signedObject)];
	const bpftool = await (suite
		? bpftoolOf(suite)
		: builtBpftool(process.env.BPFGATE_BPFTOOL_7_7 ?? "bpftool"));
	const bytes = Buffer.from(await bpftool.run(args, privateKey), "latin1");
	const headers = [{ object: signedObject, file: header, bytes }];
	const key = { kind: "memory", pem: privateKey } as const;
	await signPackage(folder, key, certificate, { contracts: [], headers });
}

describe.each(signedExamples)("$package", (example) => {
	const folder = join(programs, example.package);

	test("is signed as it is said to be", async () => {
		if (process.env.BPFGATE_WRITE_SIGNED === "1") await renew(example);
		const pkg = await openPackage(folder);
		const signatures = readSignatures(pkg)!;
		const { certificate } = signatures;
		const { problems, files } = await verifyPackage(pkg);
		expect(problems.filter((problem) => !problem.startsWith(`${signedObject}: `))).toEqual([]);
		expect(files).toMatchObject({ intact: true });
		const years = [certificate.validFrom, certificate.validTo].map((date) => new Date(date).getUTCFullYear());
		expect(years).toEqual([firstYear, lastYear]);
		const [object] = pkg.objects;
		expect(signatures.objects).toMatchObject([{ object: object!.file }]);
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
