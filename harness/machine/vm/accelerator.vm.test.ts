// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProbeOptions, probeAccelerator } from "./accelerator.js";
import { bootKit } from "./testkit.js";

let scratch: string;
let options: ProbeOptions;

beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	options = {
		kernel: "5.10",
		kit: await bootKit("5.10"),
		qemuVersion: "test",
		cache: join(scratch, "accelerator.json"),
		env: {},
	};
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

it("reports which accelerator ran a guest, or why none did, and caches it", async () => {
	const found = await probeAccelerator(options);
	const because = { kvm: /^a guest ran under KVM/, tcg: /KVM did not run|\/dev\/kvm cannot|not this host's/ };
	expect(found.why).toMatch(because[found.accelerator]);
	if (/cannot|not this host's/.test(found.why)) return;
	const known = JSON.parse(await readFile(options.cache, "utf8"));
	await writeFile(options.cache, JSON.stringify({ ...known, why: "remembered" }));
	expect((await probeAccelerator(options)).why).toBe("remembered");
	// A probe would be ended at once; a cached answer needs no guest.
	const signal = AbortSignal.abort();
	expect((await probeAccelerator({ ...options, signal })).why).toBe("remembered");
	for (const change of [{ qemuVersion: "another" }, { fresh: true }])
		await expect(probeAccelerator({ ...options, ...change, signal })).rejects.toThrow("aborted");
});

it("obeys BPFGATE_ACCEL and never tries KVM for another architecture", async () => {
	expect((await probeAccelerator({ ...options, env: { BPFGATE_ACCEL: "kvm" } })).accelerator).toBe("kvm");
	const arch = machine() === "s390x" ? "x86_64" : "s390x";
	const found = await probeAccelerator({ ...options, kit: { ...options.kit, arch } });
	expect(found).toEqual({ accelerator: "tcg", why: `${arch} is not this host's architecture` });
});
