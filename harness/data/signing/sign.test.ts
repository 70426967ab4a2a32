// SPDX-License-Identifier: Apache-2.0
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import { openPackage } from "../package/package.js";
import { temporaryFolder } from "../package/testpackage.js";
import { signDetached } from "./cms.js";
import type { Contract } from "./contract.js";
import { contracts } from "./contract.js";
import { issue } from "./issue.js";
import { layoutFiles, readSignatures, signedBytes } from "./layout.js";
import { seal, signaturesOf, signPackage, signPackages } from "./sign.js";
import { testSigner } from "./testsigner.js";
import { verifyPackage } from "./verify.js";
import { writeSignatures } from "./write.js";

const example = fileURLToPath(new URL("../../../programs/xdp-filter", import.meta.url));
const object = "xdp-filter.bpf.o";
const { identity, key } = await testSigner();

async function samplePackage() {
	const folder = await temporaryFolder();
	const path = join(folder.path, "p");
	await cp(example, path, { recursive: true });
	return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function edit(path: string, change: (layout: Record<string, never>) => void): Promise<void> {
	const file = join(path, "signatures/signatures.json");
	const layout = JSON.parse(await readFile(file, "utf8"));
	change(layout);
	await writeFile(file, JSON.stringify(layout));
}

describe("a signed package", () => {
	it("is valid, in its folder as in an archive, and its digest is the unsigned one's", async () => {
		await using pkg = await samplePackage();
		const { sha256 } = await openPackage(pkg.path);
		const archive = `${pkg.path}.tar.gz`;
		await execa("tar", ["-czf", archive, "p"], { cwd: join(pkg.path, "..") });
		await signPackage(pkg.path, key, identity.certificate);
		for (const suffix of [".tar", ".tgz", ".tar.xz", ".tar.zst"]) {
			await signPackage(archive, key, identity.certificate, { out: `${pkg.path}.signed${suffix}` });
			const opened = await openPackage(`${pkg.path}.signed${suffix}`);
			expect(opened.sha256).toBe(sha256);
			expect(await verifyPackage(opened)).toMatchObject({ verdict: "undecided", problems: [] });
		}
		const signed = await openPackage(pkg.path);
		expect(signed.sha256).toBe(sha256);
		const result = await verifyPackage(signed, { trusted: [identity.certificate] });
		expect(result).toMatchObject({ signed: true, trusted: true, verdict: "valid", problems: [] });
		expect(result.objects).toMatchObject([
			{ object, contracts: contracts.map((contract) => ({ contract, state: "valid" })) },
		]);
		const other = await issue({ type: "ecdsa", subject: "other" });
		expect((await verifyPackage(signed, { trusted: [other.certificate] })).problems).toEqual([
			expect.stringContaining("not one of the trusted certificates"),
		]);
		const hour = 60 * 60 * 1000;
		expect((await verifyPackage(signed, { now: Date.now() - hour / 2 })).problems).toEqual([]);
		expect((await verifyPackage(signed, { now: Date.now() - 2 * hour })).problems).toEqual([
			expect.stringMatching(/^CN=test should not sign: it is not valid before /),
		]);
		const later = Date.now() + 400 * 24 * hour;
		expect((await verifyPackage(signed, { now: later })).problems).toEqual([
			expect.stringMatching(/^CN=test should not sign: it expired at /),
		]);
	});

	it("can be signed again, for fewer contracts or at its own level alone", async () => {
		await using pkg = await samplePackage();
		await signPackage(pkg.path, key, identity.certificate);
		await signPackage(pkg.path, key, identity.certificate, { contracts: ["insns-maps"] });
		expect((await verifyPackage(await openPackage(pkg.path))).objects[0]?.contracts).toMatchObject([
			{ state: "absent" },
			{ state: "absent" },
			{ state: "valid" },
		]);
		await signPackage(pkg.path, key, identity.certificate, { contracts: [] });
		expect((await readdir(join(pkg.path, "signatures"))).sort()).toEqual([
			"certificate.pem",
			"package.p7s",
			"signatures.json",
		]);
		expect((await readdir(pkg.path)).filter((name) => name.startsWith("."))).toEqual([]);
	});

	it("holds no private key anywhere, nor does the folder for temporary files", async () => {
		await using pkg = await samplePackage();
		await using temporary = await temporaryFolder();
		vi.stubEnv("TMPDIR", temporary.path);
		try {
			await signPackage(pkg.path, key, identity.certificate);
			await signDetached(new Uint8Array(10), key, identity.certificate, { attributes: true });
		} finally {
			vi.unstubAllEnvs();
		}
		expect(await readdir(temporary.path)).toEqual([]);
		const { stdout } = await execa("grep", ["-rlF", "PRIVATE KEY", pkg.path], { reject: false });
		expect(stdout).toBe("");
	});

	it("with a validly signed loader of something else is not valid", async () => {
		await using pkg = await samplePackage();
		await using victim = await samplePackage();
		const manifest = JSON.parse(await readFile(join(pkg.path, "bpfgate.json"), "utf8"));
		const objects = [{ file: object, maps: { blocked4: { max_entries: 7 } } }];
		await writeFile(join(pkg.path, "bpfgate.json"), JSON.stringify({ ...manifest, objects }));
		await signPackage(pkg.path, key, identity.certificate);
		await signPackage(victim.path, key, identity.certificate);
		const loaders = "signatures/loaders";
		await rm(join(victim.path, loaders), { recursive: true });
		await cp(join(pkg.path, loaders), join(victim.path, loaders), { recursive: true });
		const { problems } = await verifyPackage(await openPackage(victim.path));
		expect(problems.filter((problem) => /is not the one that this object gives/.test(problem))).toHaveLength(
			3,
		);
		// A claim that they cannot be compared is not covered by the signature.
		await edit(victim.path, (layout) =>
			Object.assign(layout, { generator: { name: "bpfgate", version: 7 } }),
		);
		const relabelled = await verifyPackage(await openPackage(victim.path), {
			trusted: [identity.certificate],
		});
		expect(relabelled.verdict).toBe("invalid");
		expect(relabelled.problems).toContainEqual(
			expect.stringContaining("package.p7s: the signature does not match"),
		);
	});

	it("by another version of the generator is bound to its loaders, which are not compared", async () => {
		await using pkg = await samplePackage();
		const opened = await openPackage(pkg.path);
		const { objects, ...rest } = await signaturesOf(opened, key, identity.certificate, {
			contracts: ["insns-maps"],
		});
		const loaders = objects.map((object) => ({
			...object,
			loaders: object.loaders.map((loader) => {
				const data = Uint8Array.from([...loader.data, 0]);
				return { ...loader, data };
			}),
		}));
		const write = async (version: number) => {
			const others = { generator: { name: "bpfgate", version }, objects: loaders };
			for (const { loaders } of others.objects)
				for (const loader of loaders)
					loader.cms = await signDetached(signedBytes(loader), key, identity.certificate);
			await writeSignatures(pkg.path, layoutFiles(await seal({ ...rest, ...others }, key)));
			return verifyPackage(await openPackage(pkg.path), { trusted: [identity.certificate] });
		};
		expect(await write(1)).toMatchObject({
			verdict: "invalid",
			problems: [expect.stringContaining("what it installs differs")],
		});
		const { verdict, objects: verdicts } = await write(2);
		expect(verdict).toBe("valid");
		expect(verdicts[0]!.contracts[2]).toMatchObject({
			state: "valid",
			uncompared: expect.stringContaining("made by a newer generator (bpfgate 2, this is bpfgate 1)"),
		});
	});

	it("is one of many: in their order, up to the first that cannot be signed", async () => {
		await using a = await samplePackage();
		await using b = await samplePackage();
		const signed: string[] = [];
		const signing = async () => {
			for await (const { path } of signPackages(
				[a.path, join(a.path, "absent"), b.path],
				key,
				identity.certificate,
			))
				signed.push(path);
		};
		await expect(signing()).rejects.toThrow("absent");
		expect(signed).toEqual([a.path]);
		expect(await readdir(b.path)).not.toContain("signatures");
		expect((await verifyPackage(await openPackage(a.path))).problems).toEqual([]);
	});
});

describe("refused", () => {
	it("is an object with variants, for a loader cannot choose", async () => {
		await using pkg = await samplePackage();
		const opened = await openPackage(pkg.path);
		const [object] = opened.objects;
		const variant = { label: "a", programs: new Map([[object!.file, ["a"]]]) };
		const variants = [[variant, { label: "b", programs: new Map() }]];
		const sign = (...contracts: Contract[]) =>
			signaturesOf({ ...opened, variants }, key, identity.certificate, { contracts });
		await expect(sign("insns-maps")).rejects.toThrow(
			`${object!.file}: cannot be signed: variant a is used only where it works, and a loader loads all programs`,
		);
		expect((await sign()).objects).toHaveLength(opened.objects.length);
	});

	it("is a certificate that is not fit, or not the key's; nothing is written", async () => {
		await using pkg = await samplePackage();
		const day = 24 * 60 * 60 * 1000;
		const from = (days: number) => ({
			type: "ecdsa" as const,
			validFrom: new Date(Date.now() + days * day),
			validTo: new Date(Date.now() + (days + 1) * day),
		});
		const keyCertSign = 32;
		for (const [options, reason] of [
			[{ type: "ecdsa", keyUsage: keyCertSign }, "its key usage is keyCertSign, without digitalSignature"],
			[{ type: "ecdsa", extendedKeyUsage: ["1.3.6.1.5.5.7.3.1"] }, "no codeSigning"],
			[{ type: "ecdsa", withoutKeyId: true }, "no subject key identifier"],
			[from(-2), "it expired at"],
			[from(2), "it is not valid before"],
		] as const) {
			const { privateKey, certificate } = await issue(
				"extendedKeyUsage" in options
					? { ...options, extendedKeyUsage: [...options.extendedKeyUsage] }
					: options,
			);
			const attempt = signPackage(pkg.path, { kind: "memory", pem: privateKey }, certificate);
			await expect(attempt).rejects.toThrow(reason);
		}
		const ed25519 = await issue({ type: "ed25519" });
		const attempt = signPackage(pkg.path, { kind: "memory", pem: ed25519.privateKey }, ed25519.certificate);
		await expect(attempt).rejects.toThrow(
			/^certificate: the key of CN=bpfgate is ed25519, which no kernel accepts; sign with RSA of /,
		);
		const other = await issue({ type: "ecdsa" });
		await expect(signPackage(pkg.path, key, other.certificate)).rejects.toThrow("does not belong");
		expect(await readdir(pkg.path)).not.toContain("signatures");
	});

	it("is a folder with --out, an archive without, a bare object", async () => {
		await using pkg = await samplePackage();
		const { certificate } = identity;
		await expect(signPackage(pkg.path, key, certificate, { out: "x.tar" })).rejects.toThrow("is a folder");
		await expect(signPackage(join(pkg.path, object), key, certificate)).rejects.toThrow("is a bare object");
		const archive = `${pkg.path}.tar`;
		await execa("tar", ["-cf", archive, "-C", pkg.path, "."]);
		await expect(signPackage(archive, key, certificate)).rejects.toThrow("name the signed archive");
		await expect(signPackage(archive, key, certificate, { out: `${pkg.path}.zip` })).rejects.toThrow(
			"is not the name of an archive",
		);
	});

	it("is a layout that is later, wrong, or names what is not there", async () => {
		await using pkg = await samplePackage();
		await signPackage(pkg.path, key, identity.certificate);
		const read = async () => readSignatures(await openPackage(pkg.path));
		const original = await readFile(join(pkg.path, "signatures/signatures.json"));
		const covered = { path: "a", sha256: "0".repeat(64), size: 1 };
		for (const [change, reason] of [
			[
				{ version: 3 },
				"/version: is 3; this bpfgate reads versions 1 and 2 of signatures; use a newer bpfgate",
			],
			[{ version: 1 }, 'signatures.json: /: unknown key "files"'],
			[{ files: [covered, covered] }, '/files/1/path: "a" is listed twice'],
			[{ format: "x" }, '/format: must be "bpfgate/signatures"'],
			[{ more: 1 }, 'unknown key "more"'],
			[{ certificate: "../key.pem" }, '/certificate: "../key.pem" leads out of the package'],
			[{ certificate: "absent.pem" }, '/certificate: "absent.pem" is missing from signatures/'],
			[{ certificate: "package.p7s" }, "is not an X.509 certificate"],
		] as const) {
			await edit(pkg.path, (layout) => Object.assign(layout, change));
			await expect(read()).rejects.toThrow(reason);
			await writeFile(join(pkg.path, "signatures/signatures.json"), original);
		}
		const many = {
			contract: "insns",
			...{ insns: "a", data: "b", cms: "c" },
			excl_prog_hash: "0".repeat(64),
		};
		for (const [change, reason] of [
			[{ generator: { name: "x", version: 0 } }, "/generator/version: must be >= 1"],
			[{ loaders: Array(4).fill({ ...many, maps: [], programs: [] }) }, "/objects/0/loaders: must NOT have"],
			[{ loaders: [{ ...many, maps: Array(257).fill("m"), programs: [] }] }, "/objects/0/loaders/0"],
		] as const) {
			await edit(pkg.path, (layout: { objects?: object[] }) =>
				Object.assign("loaders" in change ? layout.objects![0]! : layout, change),
			);
			await expect(read()).rejects.toThrow(reason);
			await writeFile(join(pkg.path, "signatures/signatures.json"), original);
		}
		await writeFile(join(pkg.path, "signatures/signatures.json"), Buffer.alloc(16 * 1024 * 1024 + 1, " "));
		await expect(read()).rejects.toThrow("more than the 16777216 that are read");
		await writeFile(join(pkg.path, "signatures/signatures.json"), "{");
		await expect(read()).rejects.toThrow("is not JSON");
		await rm(join(pkg.path, "signatures"), { recursive: true });
		expect(await read()).toBeUndefined();
		await symlink("/", join(pkg.path, "signatures"));
		await expect(read()).rejects.toThrow("is a link");
	});

	it("is a folder of more signature files than are read", async () => {
		await using pkg = await samplePackage();
		await mkdir(join(pkg.path, "signatures"));
		for (let at = 0; at <= 4096; at++) await writeFile(join(pkg.path, "signatures", `${at}`), "");
		await expect(openPackage(pkg.path)).rejects.toThrow("holds 4097 files, more than the 4096 that are read");
	});

	it("is a package that counts a signature among its files", async () => {
		await using pkg = await samplePackage();
		const manifest = JSON.parse(await readFile(join(pkg.path, "bpfgate.json"), "utf8"));
		await mkdir(join(pkg.path, "signatures"));
		await writeFile(
			join(pkg.path, "bpfgate.json"),
			JSON.stringify({ ...manifest, objects: ["signatures/x.o"] }),
		);
		await expect(openPackage(pkg.path)).rejects.toThrow("stands in signatures/");
	});
});
