// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { diagnoseAgent, diagnoseCache, diagnoseKernels, diagnoseMemory, diagnoseNode } from "./host.js";

describe("the host", () => {
	const folder = mkdtempSync(join(tmpdir(), "bpfgate-host-"));
	afterAll(() => {
		vi.unstubAllEnvs();
		rmSync(folder, { recursive: true });
	});

	it("needs a Node that is new enough", () => {
		expect(["18.20.0", "20.18.9", "20.19.0", "22.1.0"].map((v) => diagnoseNode(v).state)).toEqual([
			"missing",
			"missing",
			"ok",
			"ok",
		]);
	});

	it("needs memory, and says so when it cannot tell", () => {
		expect(diagnoseMemory("MemTotal: 1 kB\nMemAvailable:    2097152 kB\n")).toMatchObject({
			state: "ok",
			found: "2.0 GiB available",
		});
		expect(diagnoseMemory("MemAvailable:    524288 kB\n").state).toBe("missing");
		expect(diagnoseMemory("")).toMatchObject({ state: "missing", found: "unknown" });
	});

	it("accepts a cache that is yet to be made", async () => {
		const [cache, disk] = await diagnoseCache(join(folder, "not/yet"));
		expect(cache).toMatchObject({ state: "ok", found: join(folder, "not/yet") });
		expect(disk?.found).toMatch(new RegExp(`^[\\d.]+ GiB free in ${folder}$`));
	});

	it("refuses a cache that cannot be a folder", async () => {
		const file = join(folder, "file");
		writeFileSync(file, "");
		const [cache] = await diagnoseCache(join(file, "x"));
		expect(cache).toMatchObject({ state: "missing", found: `${file} is not writable` });
	});

	it("misses an agent that is not there or cannot be run", async () => {
		const agent = join(folder, "agent");
		expect((await diagnoseAgent(agent)).state).toBe("missing");
		writeFileSync(agent, "");
		chmodSync(agent, 0o644);
		expect((await diagnoseAgent(agent)).state).toBe("missing");
		chmodSync(agent, 0o755);
		expect((await diagnoseAgent(agent)).state).toBe("ok");
	});

	it("goes on after a kernel whose record is broken", async () => {
		vi.stubEnv("BPFGATE_CACHE", join(folder, "broken"));
		mkdirSync(join(folder, "broken/kernels"), { recursive: true });
		writeFileSync(join(folder, "broken/kernels/5.10.json"), "[]");
		const { diagnosis } = await diagnoseKernels();
		expect(diagnosis.state).toBe("missing");
		expect(diagnosis.found).toMatch(/5\.10\.json: \/: must be an object.*; kernel 6\.1 is not in the store/);
		expect(diagnosis.fix).toEqual([expect.stringMatching(/^bpfgate kernels pull 5\.10 --force; /)]);
	});

	it("names the kernels to pull", async () => {
		vi.stubEnv("BPFGATE_CACHE", join(folder, "empty"));
		const { diagnosis, kernel } = await diagnoseKernels();
		expect(kernel).toBeUndefined();
		expect(diagnosis.state).toBe("missing");
		expect(diagnosis.found).toContain("kernel 5.10 is not in the store; kernel 6.1 is not in the store;");
		expect(diagnosis.fix).toEqual([expect.stringMatching(/^bpfgate kernels pull 5\.10; .* pull 7\.3$/)]);
	});
});
