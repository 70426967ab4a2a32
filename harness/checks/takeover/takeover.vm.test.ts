// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openPackage } from "../../data/package/package.js";
import { compileBinary, compileBpf } from "../../machine/guest/agent/testobject.js";
import { resultsOf } from "../../run/testrun.js";
import { takeoverCheck } from "./takeover.js";

let objects: Record<"testhooks" | "testcgroup", Uint8Array>;
let detector: Uint8Array;
beforeAll(async () => {
	const testdata = join(import.meta.dirname, "testdata");
	objects = {
		testhooks: await compileBpf(join(testdata, "testhooks.bpf.c")),
		testcgroup: await compileBpf(join(testdata, "testcgroup.bpf.c")),
	};
	detector = await compileBinary(join(testdata, "testdetector.c"), "-static");
});

/** Results by case of a package with one XDP program and one map, or with one cgroup program. */
async function judged(
	takeover: object,
	kernel = "7.3",
	object: keyof typeof objects = "testhooks",
): Promise<Record<string, string>> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-takeover-"));
	try {
		await writeFile(join(folder, "guard.bpf.o"), objects[object]);
		await writeFile(join(folder, "detector"), detector);
		const guest = { files: [{ from: "detector", to: "/usr/bin/detector" }] };
		const manifest = { name: "guard", version: "1", objects: ["guard.bpf.o"], guest, takeover };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		const packages = [await openPackage(folder)];
		const { results } = await resultsOf({ packages, kernels: [kernel], checks: [takeoverCheck] });
		return Object.fromEntries(
			results.map(({ case: name, outcome, reason }) => [name, [outcome, reason?.code].join(" ").trim()]),
		);
	} finally {
		await rm(folder, { recursive: true });
	}
}

const detectedBy = (how: string, ...techniques: string[]) => ({
	...(techniques.length > 0 ? { techniques } : {}),
	detector: { command: ["/usr/bin/detector", how, "chain1"] },
});

describe("takeovers of an XDP program", () => {
	it("are noticed by a detector that looks at the program's id, where the id changes", async () => {
		const names = ["xdp-replaced", "xdp-removed", "xdp-mode-changed"];
		expect(await judged({ hold: "direct", ...detectedBy("poll", ...names) })).toEqual({
			"guard/xdp-replaced": "pass",
			"guard/xdp-removed": "pass",
			"guard/xdp-mode-changed": "fail takeover-unnoticed",
		});
	});

	it("are refused where a link holds the program, but for those of the link", async () => {
		const names = ["xdp-replaced", "link-program-replaced", "map-written", "map-emptied"];
		expect(await judged(detectedBy("poll", ...names), "5.10")).toEqual({
			"guard/xdp-replaced": "skip takeover-refused",
			"guard/link-program-replaced": "pass",
			"allowed/map-written": "fail takeover-unnoticed",
			"allowed/map-emptied": "skip takeover-unsupported",
		});
	});
});

it.each(["5.10", "7.3"])("are noticed by bpfgate's watcher on %s, all of them", async (kernel) => {
	const verdicts = Object.entries(await judged({}, kernel));
	expect(verdicts.length).toBeGreaterThan(9);
	expect(
		verdicts.filter(([, verdict]) => !/^(pass|skip takeover-(refused|unsupported))$/.test(verdict)),
	).toEqual([]);
});

it("of a cgroup's program are noticed by bpfgate's watcher", async () => {
	const refused = "skip takeover-refused";
	expect(await judged({}, "7.3", "testcgroup")).toEqual({
		"allow/program-replaced": refused,
		"allow/program-detached": refused,
		"allow/link-program-replaced": "pass",
		"allow/link-force-detached": "pass",
		"allow/link-holder-gone": "pass",
	});
});

describe("a detector", () => {
	it.each([
		["says nothing", "silent", "fail takeover-unnoticed"],
		["raises an alarm before anything happened", "alarmist", "fail alarm-without-takeover"],
		["ends", "ends", "fail detector-not-started"],
		["floods its output", "floods", "fail detector-not-started"],
	])("that %s does not pass", async (_, how, verdict) => {
		expect(await judged(detectedBy(how, "link-force-detached"))).toEqual({
			"guard/link-force-detached": verdict,
		});
	});

	it("that does not exist does not pass", async () => {
		const takeover = { techniques: ["link-force-detached"], detector: { command: ["/usr/bin/none"] } };
		expect(await judged(takeover)).toEqual({ "guard/link-force-detached": "fail detector-not-started" });
	});
});

it("a technique that does not exist is refused", async () => {
	await expect(judged(detectedBy("silent", "magic"))).rejects.toThrow(
		/bpfgate.json: \/takeover\/techniques\/0: "magic" is not a technique; expected one of xdp-replaced, /,
	);
});
