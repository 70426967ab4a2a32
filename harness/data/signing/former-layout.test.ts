// SPDX-License-Identifier: Apache-2.0
import { appendFile, cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPackage } from "../package/package.js";
import { temporaryFolder } from "../package/testpackage.js";
import { resignedHeader, skeletonExample, skeletonObject } from "./bpftool/testskeletons.js";
import { signDetached } from "./cms.js";
import type { Contract } from "./contract.js";
import { formerDocument } from "./document.js";
import { layoutFiles } from "./layout.js";
import type { Layout } from "./layout-schema.js";
import { type SignPackageOptions, signaturesOf } from "./sign.js";
import { testSigner } from "./testsigner.js";

const example = fileURLToPath(new URL("../../../programs/xdp-filter", import.meta.url));
const { identity, key, verified } = await testSigner();
const json = (layout: unknown) => `${JSON.stringify(layout, null, "\t")}\n`;

describe("signatures of version 1", () => {
	/** Signs as older bpfgates did. */
	async function formerlySigned(
		path: string,
		contracts: Contract[],
		wanted = json,
		headers: NonNullable<SignPackageOptions["headers"]> = [],
	): Promise<void> {
		const pkg = await openPackage(path);
		const sealed = await signaturesOf(pkg, key, identity.certificate, { contracts, headers });
		const [index, ...others] = layoutFiles(sealed);
		const { package: whole, files, ...rest }: Layout = JSON.parse(Buffer.from(index!.bytes).toString());
		const layout = {
			...rest,
			version: 1,
			package: { sha256: whole.sha256, cms: whole.cms },
			objects: rest.objects.map(({ object, loaders }) => ({
				object,
				sha256: files.find((file) => file.path === object)!.sha256,
				loaders,
			})),
		};
		const cms = await signDetached(formerDocument(pkg, sealed), key, identity.certificate);
		for (const { path: file, bytes } of [
			...others,
			{ path: index!.path, bytes: Buffer.from(wanted(layout)) },
			{ path: "signatures/package.p7s", bytes: cms },
		]) {
			await mkdir(dirname(join(path, file)), { recursive: true });
			await writeFile(join(path, file), bytes);
		}
	}

	async function bare() {
		const folder = await temporaryFolder();
		for (const name of ["bpfgate.json", "xdp-filter.bpf.o", "vectors"])
			await cp(join(example, name), join(folder.path, name), { recursive: true });
		return folder;
	}
	const why = "is not covered by signatures of version 1; sign the package again";

	it("cover what the manifest names, and loaders", async () => {
		await using pkg = await bare();
		await formerlySigned(pkg.path, ["insns", "insns-maps"]);
		expect(await verified(pkg.path)).toMatchObject({
			verdict: "valid",
			problems: [],
			files: { intact: true },
		});
		await appendFile(join(pkg.path, "vectors/filter.yaml"), "\n");
		const { verdict, problems, files } = await verified(pkg.path);
		expect(verdict).toBe("invalid");
		expect(files?.intact).toBe(false);
		expect(problems[0]).toMatch(
			/was changed after it was signed: bpfgate\.json, xdp-filter\.bpf\.o, vectors\//,
		);
	});

	it("name an object that was changed", async () => {
		await using pkg = await bare();
		await formerlySigned(pkg.path, []);
		await appendFile(join(pkg.path, "xdp-filter.bpf.o"), "\0");
		expect((await verified(pkg.path)).problems).toEqual([
			"xdp-filter.bpf.o: was changed after it was signed",
		]);
	});

	it.each<[string, (path: string) => Promise<unknown>, string]>([
		["other files", (path) => writeFile(join(path, "README.md"), ""), "README.md"],
		[
			"other files in signatures/",
			(path) => writeFile(join(path, "signatures/x.lskel.h"), ""),
			"signatures/x.lskel.h",
		],
		[
			"text around the certificate",
			(path) => appendFile(join(path, "signatures/certificate.pem"), "\n"),
			"signatures/certificate.pem",
		],
	])("do not cover %s", async (_, change, file) => {
		await using pkg = await bare();
		await formerlySigned(pkg.path, ["insns-maps"]);
		await change(pkg.path);
		expect(await verified(pkg.path)).toMatchObject({ verdict: "invalid", problems: [`${file}: ${why}`] });
	});

	it("do not cover light skeletons", async () => {
		await using pkg = await temporaryFolder();
		for (const name of ["bpfgate.json", skeletonObject, "vectors"])
			await cp(join(skeletonExample, name), join(pkg.path, name), { recursive: true });
		const bytes = Buffer.from(await resignedHeader(identity), "latin1");
		await formerlySigned(pkg.path, [], json, [{ object: skeletonObject, file: "x.lskel.h", bytes }]);
		expect((await verified(pkg.path)).problems).toEqual([`signatures/udp-quota.lskel.h: ${why}`]);
	});

	it("do not cover the form of signatures.json", async () => {
		await using pkg = await bare();
		await formerlySigned(pkg.path, [], JSON.stringify);
		expect((await verified(pkg.path)).problems).toEqual([`signatures/signatures.json: ${why}`]);
	});
});
