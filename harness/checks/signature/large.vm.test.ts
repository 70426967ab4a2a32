// SPDX-License-Identifier: Apache-2.0

import { rm } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { contracts } from "../../data/signing/contract.js";
import { issue } from "../../data/signing/issue.js";
import { layoutFiles, readSignatures } from "../../data/signing/layout.js";
import { generateLoaders } from "../../data/signing/loader/generate.js";
import { signaturesOf, signPackage } from "../../data/signing/sign.js";
import { verifyPackage } from "../../data/signing/verify.js";
import { writeSignatures } from "../../data/signing/write.js";
import { benchOf } from "../../lab/testbench.js";
import { agentPath } from "../../machine/guest/build.js";
import { findTool } from "../../machine/guest/tool.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { CleanGuests } from "./clean-guests.js";
import { installsFinding, type PlannedSubject, whileInstalled } from "./installed-object.js";
import { vectorsFinding } from "./installed-vectors.js";
import { type KernelContract, kernelContract } from "./kernel-contract.js";
import { installOnce } from "./loader-install.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const mebibyte = 1 << 20;

/**
 * `count` programs and `maps` maps. Each program counts its runs in a shared array and returns a
 * number of its own.
 */
function manyPrograms(count: number, maps: number): string {
	const numbers = Array.from({ length: count }, (_, index) => index);
	const extra = Array.from({ length: maps - 1 }, (_, index) => index);
	return `${headers}
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, ${count}); __type(key, __u32); __type(value, __u64); } runs SEC(".maps");
${extra.map((index) => `struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, __u32); } map_${index} SEC(".maps");`).join("\n")}
${numbers
	.map(
		(index) => `SEC("xdp") int program_${index}(struct xdp_md *ctx) {
	__u32 key = ${index};
	__u64 *run = bpf_map_lookup_elem(&runs, &key);
	if (!run) return 0;
	*run += 1;
	return ${1000 + index};
}`,
	)
	.join("\n")}`;
}

/**
 * A program that returns the last element of a constant array and of a variable one; both sizes in
 * bytes.
 */
function muchData(constant: number, variable: number): string {
	const array = (name: string, size: number, last: number) =>
		`__u32 ${name}[${size / 4}] = { [0 ... ${size / 4 - 2}] = 7, [${size / 4 - 1}] = ${last} };`;
	return `${headers}
const volatile ${array("table", constant, 4000)}
${array("state", variable, 321)}
SEC("xdp") int last(struct xdp_md *ctx) { return table[${constant / 4 - 1}] + ((volatile __u32 *)state)[${variable / 4 - 1}]; }`;
}

const headers = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char gpl[] SEC("license") = "Dual BSD/GPL";`;

const frame = `{ layers: [ { eth: {} }, { ipv4: {} }, { udp: {} } ] }`;

/** Compiles a package of one object; `returns` is what its programs do with a packet. */
async function compiled(
	name: string,
	source: string,
	returns: Readonly<Record<string, number>>,
): Promise<{ path: string; pkg: Package }> {
	const vectors = Object.entries(returns).map(
		([program, retval]) =>
			`  - { name: ${program}, program: ${program}, packet: ${frame}, expect: { retval: ${retval} } }`,
	);
	const manifest = { name, version: "1", objects: ["large.bpf.o"], vectors: ["large.yaml"] };
	const { path } = await temporaryFolder({
		"bpfgate.json": JSON.stringify(manifest),
		"large.yaml": `vectors:\n${vectors.join("\n")}\n`,
	});
	folders.push(path);
	const libbpf = join(root, "build/libbpf");
	const system = `/usr/include/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`;
	const object = join(path, "large.bpf.o");
	await execa(
		await findTool("clang"),
		[
			...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror"],
			...["-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi"), "-idirafter", system],
			...["-x", "c", "-c", "-", "-o", object],
		],
		{ input: source },
	);
	await execa(await findTool("llvm-strip"), ["-g", object]);
	return { path, pkg: await openPackage(path) };
}

/**
 * Signs and verifies. @param problem the one that is found, if any: then nothing but a test signs
 * it
 */
async function signed(path: string, problem?: RegExp): Promise<Package> {
	const { privateKey, certificate } = await issue({ type: "ecdsa", subject: "large packages" });
	const key = { kind: "memory", pem: privateKey } as const;
	if (problem) {
		await expect(signPackage(path, key, certificate)).rejects.toThrow(problem);
		const signatures = await signaturesOf(await openPackage(path), key, certificate);
		await writeSignatures(path, layoutFiles(signatures));
	} else await signPackage(path, key, certificate);
	const pkg = await openPackage(path);
	const { problems, objects } = await verifyPackage(pkg, { trusted: [certificate] });
	expect(problems).toEqual(problem ? [expect.stringMatching(problem)] : []);
	expect(objects[0]?.contracts.map(({ state }) => state)).toEqual(contracts.map(() => "valid"));
	return pkg;
}

const tooLarge = /insns-maps: the signature covers \d+ bytes/;
const folders: string[] = [];
const numbered = (count: number) =>
	Object.fromEntries(Array.from({ length: count }, (_, index) => [`program_${index}`, 1000 + index]));
/**
 * As many as a loader has room for (harness/data/signing/loader/stack.ts; MAX_USED_MAPS of libbpf).
 */
const most = { programs: 126, maps: 64 };
const returned = { last: 4321 };
let packages: Record<"programs" | "data" | "tooMuchData", Package>;

beforeAll(async () => {
	const many = await compiled("many", manyPrograms(most.programs, most.maps), numbered(most.programs));
	const much = await compiled("much", muchData(5 * mebibyte, 5 * mebibyte), returned);
	const tooMuch = await compiled("too-much", muchData(16 * mebibyte, 8), returned);
	const data = await signed(much.path);
	packages = { programs: await signed(many.path), data, tooMuchData: await signed(tooMuch.path, tooLarge) };
});
afterAll(async () => {
	for (const path of folders) await rm(path, { recursive: true, force: true });
});

describe.each(["6.18", "7.2", "7.3"])("large packages on %s", (id) => {
	let guest: Guest;
	let kernel: KernelContract;

	beforeAll(async () => {
		guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
		kernel = await kernelContract(guest);
	});
	afterAll(async () => {
		await guest.dispose();
	});

	async function subjectOf(pkg: Package): Promise<PlannedSubject> {
		const signatures = readSignatures(pkg);
		const object = pkg.objects[0]!;
		const bench = benchOf(guest.kernel, async () => guest, { spoil: async () => {} });
		const guests = new CleanGuests(bench, object, kernel.contract, signatures);
		const plans = await guests.plans();
		return {
			pkg,
			object,
			guests,
			setting: { kernel, object: object.file },
			bench,
			plan: (await plans.own(object))!,
		};
	}

	it.each([
		{ what: "programs", programs: most.programs, maps: most.maps },
		{ what: "data", programs: 1, maps: 2 },
	] as const)("are installed by their signed loader and work: $what", async ({ what, programs, maps }) => {
		const before = await guest.client.call("inventory", { settle: true });
		const subject = await subjectOf(packages[what]);
		const installed = await whileInstalled(guest, subject.object, subject.plan, true, async (present) =>
			installsFinding(subject, present),
		);
		expect(installed).toMatchObject({ outcome: "pass" });
		expect(installed.evidence.programs).toHaveLength(programs);
		expect(installed.evidence.maps).toHaveLength(maps);
		expect(await vectorsFinding(subject)).toMatchObject({
			outcome: "pass",
			evidence: { vectors: programs },
		});
		await subject.guests.close();
		expect(await guest.client.call("inventory", { settle: true })).toEqual(before);
	});

	it("are refused where the signature would cover more than 16 MiB", async () => {
		const { plan } = await subjectOf(packages.tooMuchData);
		const covered = kernel.contract === "insns-maps";
		expect(await installOnce(guest.client, plan.installation)).toMatchObject(
			covered ? { step: "load", errno: constants.errno.E2BIG } : { step: "installed" },
		);
	});
});

describe("what no loader has room for", () => {
	it.each([
		{ programs: most.programs + 1, maps: 1, reason: /has 127 programs and functions; .* room for 126/ },
		{ programs: 1, maps: most.maps + 1, reason: /libbpf says: Total maps exceeds 64/ },
	])("is said: $programs programs, $maps maps", async ({ programs, maps, reason }) => {
		const { pkg } = await compiled("many", manyPrograms(programs, maps), {});
		await expect(generateLoaders(pkg.objects[0]!, contracts)).rejects.toThrow(reason);
	});
});
