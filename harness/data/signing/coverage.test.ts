// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { appendFile, cp, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { openPackage } from "../package/package.js";
import { sampleFiles, sampleManifest, temporaryFolder } from "../package/testpackage.js";
import { resignedHeader, skeletonExample, skeletonObject } from "./bpftool/testskeletons.js";
import { contracts as allContracts } from "./contract.js";
import { issue } from "./issue.js";
import type { Layout } from "./layout-schema.js";
import { seal, signaturesOf, signPackage } from "./sign.js";
import { testSigner } from "./testsigner.js";

const [object] = sampleManifest.objects;
const { identity, key, verified } = await testSigner();
const json = (layout: unknown) => `${JSON.stringify(layout, null, "\t")}\n`;

/** A package with files that its manifest does not name. */
async function samplePackage() {
	const folder = await temporaryFolder({
		...sampleFiles(),
		"README.md": "read me\n",
		"source/count.bpf.c": "int count;\n",
		".config/hidden": "",
	});
	const at = (path: string) => join(folder.path, path);
	const put = async (path: string, text = "x") => {
		await mkdir(dirname(at(path)), { recursive: true });
		await writeFile(at(path), text);
	};
	return { path: folder.path, at, put, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
type Sample = Awaited<ReturnType<typeof samplePackage>>;

async function asArchive(path: string): Promise<string> {
	await execa("tar", ["-cf", `${path}/../${path.split("/").at(-1)}.tar`, "."], { cwd: path });
	return `${path}.tar`;
}

describe("a signed package", () => {
	it("is valid when all of its files are as they were signed", async () => {
		await using pkg = await samplePackage();
		await signPackage(pkg.path, key, identity.certificate, { contracts: [] });
		const files = { intact: true, covered: 8, changed: [], missing: [], uncovered: [] };
		expect(await verified(pkg.path)).toMatchObject({ verdict: "valid", problems: [], files });
		const archive = await asArchive(pkg.path);
		expect(await verified(archive)).toMatchObject({ verdict: "valid", files });
		await rm(archive);
	});

	const changed = "was changed after it was signed";
	const missing = "is missing; it was there when the package was signed";
	const added = "was added after the package was signed; the signature does not cover it";
	const link = "is a link, which no signature covers; replace it by the file";
	it.each<[string, (pkg: Sample) => Promise<unknown>, object, string[]]>([
		[
			"a file that the manifest does not name was changed",
			({ at }) => appendFile(at("README.md"), "\n"),
			{ changed: ["README.md"] },
			[`README.md: ${changed}`],
		],
		[
			"the manifest was changed",
			({ at }) => appendFile(at("bpfgate.json"), "\n"),
			{ changed: ["bpfgate.json"] },
			[`bpfgate.json: ${changed}`],
		],
		[
			"an object was changed",
			({ at }) => appendFile(at(object!), "\0"),
			{ changed: [object] },
			[`${object}: ${changed}`],
		],
		[
			"the certificate's file was changed",
			({ at }) => appendFile(at("signatures/certificate.pem"), "; rm -rf /\n"),
			{ changed: ["signatures/certificate.pem"] },
			[`signatures/certificate.pem: ${changed}`],
		],
		[
			"a file was removed",
			({ at }) => rm(at("README.md")),
			{ missing: ["README.md"] },
			[`README.md: ${missing}`],
		],
		[
			"a file was renamed",
			({ at }) => rename(at("README.md"), at("README")),
			{ missing: ["README.md"], uncovered: ["README"] },
			[`README.md: ${missing}`, `README: ${added}`],
		],
		[
			"a file was added",
			({ put }) => put("source/run.sh"),
			{ uncovered: ["source/run.sh"] },
			[`source/run.sh: ${added}`],
		],
		["a hidden file was added", ({ put }) => put(".env"), { uncovered: [".env"] }, [`.env: ${added}`]],
		[
			"a folder was added",
			({ put }) => Promise.all([put("source/more/a"), put("source/more/b/c")]),
			{ uncovered: ["source/more/"] },
			[
				"source/more/: was added after the package was signed (files in it: 2); the signature does not cover it",
			],
		],
		[
			"a file was added to signatures/",
			({ put }) => put("signatures/x.lskel.h"),
			{ uncovered: ["signatures/x.lskel.h"] },
			[`signatures/x.lskel.h: ${added}`],
		],
		[
			"a file in signatures/cosign/ belongs to no signature",
			({ put }) => put("signatures/cosign/run.sh"),
			{ uncovered: ["signatures/cosign/"] },
			[expect.stringContaining("signatures/cosign/: was added")],
		],
		[
			"a repository was made in it",
			({ put }) => put(".git/config"),
			{ uncovered: [".git"] },
			[".git: is a repository, which no signature covers; verify a copy of the package without it"],
		],
		[
			"a link was added",
			({ at }) => symlink("README.md", at("link")),
			{ uncovered: ["link"] },
			[`link: ${link}`],
		],
		[
			"a file became a link to the same content",
			async ({ at }) => {
				await rename(at("README.md"), at(".config/README.md"));
				await symlink(".config/README.md", at("README.md"));
			},
			{ changed: ["README.md"], uncovered: [".config/README.md"] },
			[`README.md: ${changed}`, `.config/README.md: ${added}`],
		],
	])("is not valid when %s", async (_, change, files, problems) => {
		await using pkg = await samplePackage();
		await signPackage(pkg.path, key, identity.certificate, { contracts: [] });
		await change(pkg);
		const expected = { changed: [], missing: [], uncovered: [], ...files, intact: false };
		const found = await verified(pkg.path);
		expect(found).toMatchObject({ verdict: "invalid", files: expected });
		expect(found.problems).toEqual(problems);
		const archive = await asArchive(pkg.path);
		expect((await verified(archive)).problems).toEqual(problems);
		await rm(archive);
	});

	it("is not valid when digests were changed along with the file", async () => {
		await using pkg = await samplePackage();
		await signPackage(pkg.path, key, identity.certificate, { contracts: [] });
		const file = pkg.at("signatures/signatures.json");
		const layout: Layout = JSON.parse(await readFile(file, "utf8"));
		await pkg.put("README.md", "other");
		const sha256 = createHash("sha256").update("other").digest("hex");
		const files = layout.files.map((each) =>
			each.path === "README.md" ? { ...each, sha256, size: 5 } : each,
		);
		for (const changed of [json({ ...layout, files }), JSON.stringify({ ...layout, files })]) {
			await writeFile(file, changed);
			expect(await verified(pkg.path)).toMatchObject({
				verdict: "invalid",
				files: { intact: true },
				problems: [expect.stringContaining("package.p7s: the signature does not match")],
			});
		}
	});

	it("names the first differences, and has all in its answer", async () => {
		await using pkg = await samplePackage();
		await signPackage(pkg.path, key, identity.certificate, { contracts: [] });
		for (let at = 0; at < 30; at++) await pkg.put(`source/${at}`);
		const { files, problems } = await verified(pkg.path);
		expect(files?.uncovered).toHaveLength(30);
		expect(problems).toHaveLength(21);
		expect(problems.at(-1)).toBe("10 more files differ: see --json");
	});
});

it.each<[string, (pkg: Sample) => Promise<unknown>, string]>([
	["a link", ({ at }) => symlink("README.md", at("link")), '"link": is a link, which no signature covers'],
	["a link to a folder", ({ at }) => symlink("source", at("link")), '"link": is a link'],
	[
		"a repository",
		({ put }) => put("sub/.git/config"),
		'"sub/.git": is a repository, which changes with use',
	],
	["a pipe", ({ at }) => execa("mkfifo", [at("pipe")]), '"pipe": is not a regular file'],
])("a package with %s is not signed", async (_, change, reason) => {
	await using pkg = await samplePackage();
	await change(pkg);
	const signing = signPackage(pkg.path, key, identity.certificate, { contracts: [] });
	await expect(signing).rejects.toThrow(reason);
});

it("a path that could not be read again is not signed", async () => {
	await using pkg = await samplePackage();
	const sealed = await signaturesOf(await openPackage(pkg.path), key, identity.certificate, {
		contracts: [],
	});
	const files = [{ path: "a".repeat(4097), sha256: "0".repeat(64), size: 0 }];
	await expect(seal({ ...sealed, files }, key)).rejects.toThrow(
		"/files/0/path: must NOT have more than 4096",
	);
});

describe("a light skeleton", () => {
	const copied = async () => {
		const folder = await temporaryFolder();
		await cp(skeletonExample, folder.path, { recursive: true });
		const header = join(folder.path, "signatures/udp-quota.lskel.h");
		const bytes = Buffer.from(await resignedHeader(identity), "latin1");
		const headers = [{ object: skeletonObject, file: "x.lskel.h", bytes }];
		return { path: folder.path, header, headers, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
	};

	it("is signed in full, also beside loaders of other contracts", async () => {
		for (const contracts of [[], allContracts]) {
			await using pkg = await copied();
			await signPackage(pkg.path, key, identity.certificate, { contracts, headers: pkg.headers });
			const { verdict, problems, objects } = await verified(pkg.path);
			expect({ verdict, problems }).toEqual({ verdict: "valid", problems: [] });
			const other = contracts.length > 0 ? "valid" : "absent";
			expect(objects[0]?.contracts.map(({ state }) => state)).toEqual([other, other, "valid"]);
			// The size of a mapping: bpftool could have written that.
			const text = await readFile(pkg.header, "latin1");
			await writeFile(pkg.header, text.replaceAll("4096", "8192"), "latin1");
			expect(await verified(pkg.path)).toMatchObject({
				verdict: "invalid",
				problems: ["signatures/udp-quota.lskel.h: was changed after it was signed"],
			});
		}
	});

	it("of another signer, of another package, or twice, is not signed", async () => {
		await using pkg = await copied();
		const signing = (headers: typeof pkg.headers) =>
			signPackage(pkg.path, key, identity.certificate, { headers });
		const [header] = pkg.headers;
		const theirs = Buffer.from(await resignedHeader(await issue({ type: "ecdsa" })), "latin1");
		await expect(signing([{ ...header!, bytes: theirs }])).rejects.toThrow(
			"x.lskel.h: opts_sig: the signature is by key",
		);
		await expect(signing([{ ...header!, object: "y.o" }])).rejects.toThrow(
			'x.lskel.h: "y.o" is not an object of',
		);
		await expect(signing([header!, header!])).rejects.toThrow(
			"has two light skeletons for the same contract",
		);
	});
});
