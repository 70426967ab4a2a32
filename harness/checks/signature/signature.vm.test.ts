// SPDX-License-Identifier: Apache-2.0

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { type Certificate, readCertificate } from "../../data/signing/certificate.js";
import { issue } from "../../data/signing/issue.js";
import type { SigningKey } from "../../data/signing/key.js";
import { layoutFiles, readSignatures } from "../../data/signing/layout.js";
import { signaturesOf, signPackage } from "../../data/signing/sign.js";
import { writeSignatures } from "../../data/signing/write.js";
import type { Finding, Workbench } from "../../lab/check.js";
import { benchOf } from "../../lab/testbench.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { type Expectation, installs, isDone, loads, refused } from "./expectation.js";
import { loadersOf } from "./install-plan.js";
import { type KernelContract, kernelContract } from "./kernel-contract.js";
import { loaderAttacks } from "./loader-attacks.js";
import { LoaderSession } from "./loader-session.js";
import { checkObject } from "./signature.js";
import { judged } from "./signature-finding.js";

const programs = fileURLToPath(new URL("../../../programs/", import.meta.url));
const machines = new Machines({ agent: agentPath });
const contracts: Record<string, KernelContract["contract"]> = {
	"6.12": "none",
	"6.18": "insns",
	"7.2": "insns-excl",
	"7.3": "insns-maps",
};

/** xdp-filter, signed with a new key; the folder is the caller's to change and to remove. */
async function signedFolder(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-signature-"));
	await cp(join(programs, "xdp-filter"), folder, { recursive: true });
	const { privateKey, certificate } = await issue({ type: "ecdsa" });
	await signPackage(folder, { kind: "memory", pem: privateKey }, certificate);
	return folder;
}

function oneGuest(guest: Guest): Workbench {
	return benchOf(guest.kernel, async () => guest, { spoil: async () => {} });
}

async function collected(findings: AsyncIterable<Finding>): Promise<Map<string, Finding>> {
	const found = new Map<string, Finding>();
	for await (const finding of findings) found.set(finding.case.replace(/^.*\//, ""), finding);
	return found;
}

const withOutcome = (found: Map<string, Finding>, outcome: Finding["outcome"]) =>
	[...found].filter(([, finding]) => finding.outcome === outcome).map(([name]) => name);

describe.each(Object.keys(contracts))("on %s", (id) => {
	let guest: Guest;
	let kernel: KernelContract;
	let folder: string;
	let pkg: Package;
	const check = async (of: Package) =>
		collected(checkObject(of, of.objects[0]!, readSignatures(of), kernel, oneGuest(guest)));

	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
		folder = await signedFolder();
		pkg = await openPackage(folder);
		kernel = await kernelContract(guest);
	});
	afterAll(async () => {
		await guest.dispose();
		await rm(folder, { recursive: true });
	});

	it("its contract is found by trying", () => {
		expect(kernel.contract).toBe(contracts[id]);
		expect(kernel.verdictRecorded).toBe(["7.2", "7.3"].includes(id));
	});

	it("a signed package passes every case, and leaves nothing behind", async () => {
		const before = await guest.client.call("inventory", { settle: true });
		const found = await check(pkg);
		expect(withOutcome(found, "fail").map((name) => found.get(name)?.reason)).toEqual([]);
		expect(withOutcome(found, "error")).toEqual([]);
		const skipped = withOutcome(found, "skip");
		if (kernel.contract === "none") {
			expect(withOutcome(found, "pass")).toEqual(["unsigned", "installs", "vectors"]);
		} else {
			expect(skipped).toEqual(kernel.verdictRecorded ? [] : ["verdict"]);
			expect(found.get("valid")?.evidence).toMatchObject({ step: "installed", signed_by: "CN=bpfgate" });
			expect(found.get("vectors")?.evidence.vectors).toBeGreaterThan(10);
		}
		expect(await guest.client.call("inventory", { settle: true })).toEqual(before);
	});

	it("a signature that was changed after signing is refused, and the cases that need it are skipped", async () => {
		if (kernel.contract === "none") return;
		const file = join(folder, `signatures/loaders/xdp-filter/${kernel.contract}.p7s`);
		const whole = await readFile(file);
		const tampered = Buffer.from(whole);
		tampered[tampered.length - 5]! ^= 1;
		await writeFile(file, tampered);
		try {
			const found = await check(await openPackage(folder));
			expect(withOutcome(found, "fail")).toEqual(["valid"]);
			expect(found.get("valid")?.reason?.code).toBe("signature-refused");
			expect(found.get("valid")?.evidence).toMatchObject({ step: "load", errno_name: "EKEYREJECTED" });
			expect(found.get("vectors")?.reason?.code).toBe("not-installed");
		} finally {
			await writeFile(file, whole);
		}
	});

	it("a certificate that the kernel refuses is reported, and the cases that need it are skipped", async () => {
		if (kernel.contract !== "insns-maps") return;
		const { key, certificate } = await unsupportedSigner();
		await using copy = await temporaryFolder();
		await cp(join(programs, "xdp-filter"), copy.path, { recursive: true });
		const signatures = await signaturesOf(await openPackage(copy.path), key, certificate, {
			contracts: [kernel.contract],
		});
		await writeSignatures(copy.path, layoutFiles(signatures));
		const found = await check(await openPackage(copy.path));
		expect(withOutcome(found, "fail")).toEqual(["valid"]);
		expect(found.get("valid")).toMatchObject({
			reason: { code: "certificate-refused", hint: expect.stringContaining("P-256, P-384 or P-521") },
			evidence: { step: "key", errno_name: "ENOPKG", signed_by: "CN=unsupported" },
		});
		expect(found.get("vectors")?.reason).toMatchObject({
			code: "not-installed",
			message: expect.stringContaining("refused when the key was added with ENOPKG"),
		});
		expect(found.get("tampered-metadata")?.outcome).toBe("pass");
	});

	it("every attack fails when the opposite is expected", async () => {
		if (kernel.contract === "none") return;
		const object = pkg.objects[0]!;
		const session = new LoaderSession(guest, kernel.contract, await loadersOf(object));
		const setting = { kernel, object: object.file };
		const passing: string[] = [];
		try {
			for (const { name, expected, run } of loaderAttacks) {
				const opposite = oppositeOf(expected[kernel.contract]);
				if (judged(setting, opposite, await run(session)).outcome !== "fail") passing.push(name);
			}
		} finally {
			await session.close();
		}
		expect(passing).toEqual([]);
	});
});

/** ECDSA on a curve that kernels do not know, which `bpfgate sign` refuses. */
async function unsupportedSigner(): Promise<{ key: SigningKey; certificate: Certificate }> {
	const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-nodes"];
	const { stdout } = await execa("openssl", [
		...args,
		"-keyout",
		"-",
		"-subj",
		"/CN=unsupported",
		"-days",
		"1",
	]);
	const at = stdout.indexOf("-----BEGIN CERTIFICATE");
	const end = "-----END PRIVATE KEY-----";
	const pem = stdout.slice(stdout.indexOf("-----BEGIN PRIVATE KEY"), stdout.indexOf(end) + end.length);
	return {
		key: { kind: "memory", pem },
		certificate: readCertificate("certificate", Buffer.from(stdout.slice(at))),
	};
}

/** A refusal in place of what is accepted, and the other way round. */
function oppositeOf(expected: readonly Expectation[]): Expectation[] {
	return expected.some(({ step }) => isDone(step)) ? [refused("load", "EKEYREJECTED")] : [installs, loads];
}

describe("a kernel that does not do what its contract promises", () => {
	it("fails: 7.2, taken for one that signs maps", async () => {
		const guest = await machines.clone(await openKernel("7.2"));
		try {
			const pkg = await openPackage(join(programs, "xdp-filter"));
			const kernel: KernelContract = { ...(await kernelContract(guest)), contract: "insns-maps" };
			const [object] = pkg.objects;
			const found = await collected(checkObject(pkg, object!, undefined, kernel, oneGuest(guest)));
			const refusedAsIs = ["valid", "metadata-not-frozen", "metadata-not-exclusive"];
			expect(withOutcome(found, "fail")).toEqual(expect.arrayContaining(refusedAsIs));
			expect(found.get("metadata-not-frozen")?.reason?.code).toBe("signature-not-enforced");
		} finally {
			await guest.dispose();
		}
	});
});

describe("a loader that takes map sizes and values from the host", () => {
	it("fails on the kernel that accepts it", async () => {
		const guest = await machines.clone(await openKernel("6.18"));
		try {
			const pkg = await openPackage(join(programs, "bad-signed-loader"));
			const kernel = await kernelContract(guest);
			const [object] = pkg.objects;
			const found = await collected(checkObject(pkg, object!, readSignatures(pkg), kernel, oneGuest(guest)));
			expect(withOutcome(found, "fail")).toEqual([
				"host-override-max-entries",
				"host-override-initial-value",
			]);
			for (const name of withOutcome(found, "fail")) {
				expect(found.get(name)?.reason?.code).toBe("host-override");
				expect(found.get(name)?.reason?.message).toMatch(
					/expected installed, found (installed with|a loader that uses) the host's/,
				);
			}
		} finally {
			await guest.dispose();
		}
	});
});
