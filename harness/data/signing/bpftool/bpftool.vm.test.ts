// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type PackageObject } from "../../package/package.js";
import type { Contract } from "../contract.js";
import { type Identity, issue } from "../issue.js";
import { lintLoader } from "../lint/lint.js";
import { readLightSkeleton } from "./light-skeleton.js";
import { loaderOfSkeleton } from "./loader.js";
import { bpftoolOf, bpftoolSuites } from "./testbpftool.js";

let folder: string;
let identity: Identity;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "bpfgate-bpftool-"));
	identity = await issue();
	await writeFile(join(folder, "certificate.pem"), identity.certificate.pem);
});
afterAll(() => rm(folder, { recursive: true }));

async function objectOf(name: string): Promise<PackageObject> {
	const path = fileURLToPath(new URL(`../../../../programs/${name}`, import.meta.url));
	return (await openPackage(path)).objects[0]!;
}

/** The kernel whose source a bpftool is from: `7.8.0+7.2.13-1`. */
function contractOf(version: string): Contract {
	const [, major, minor] = /\+(\d+)\.(\d+)/.exec(version)!.map(Number) as [number, number, number];
	const kernel = major * 100 + minor;
	return kernel < 702 ? "insns" : kernel < 703 ? "insns-excl" : "insns-maps";
}

describe.each(bpftoolSuites)("bpftool of Debian's %s", (suite) => {
	it.each(["xdp-filter", "exec-observer", "lsm-guard", "xdp-chain"])(
		"signs %s as it is understood here",
		async (name) => {
			const { version, run } = await bpftoolOf(suite);
			const object = await objectOf(name);
			const file = join(folder, object.file);
			await writeFile(file, object.bytes);
			const key = ["-k", "/dev/fd/3", "-i", join(folder, "certificate.pem")];
			const text = await run(["gen", "skeleton", "-L", "-S", ...key, file], identity.privateKey);
			const skeleton = readLightSkeleton(`${name}.lskel.h`, Buffer.from(text, "latin1"));
			const loader = loaderOfSkeleton(skeleton, identity.certificate, object.maps);
			expect(loader.contract).toBe(contractOf(version));
			expect([...loader.maps].sort()).toEqual(object.maps.map((map) => map.name).sort());
			const codes = lintLoader(loader, { object, certificate: identity.certificate }).map(({ code }) => code);
			expect(codes).toEqual([]);
		},
	);
});
