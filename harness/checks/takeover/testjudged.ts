// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPackage } from "../../data/package/package.js";
import { compileBinary, compileBpf } from "../../machine/guest/agent/testobject.js";
import { resultsOf } from "../../run/testrun.js";
import { takeoverCheck } from "./takeover.js";

const testdata = join(import.meta.dirname, "testdata");
type Source = "testhooks" | "testcgroup" | "testpoints" | "testslots";

/** Results by case of a package of one object of testdata, with the test's detector. */
export async function judged(
	takeover: object,
	kernel = "7.3",
	source: Source = "testhooks",
): Promise<Record<string, string>> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-takeover-"));
	try {
		await writeFile(join(folder, "guard.bpf.o"), await compileBpf(join(testdata, `${source}.bpf.c`)));
		const detector = await compileBinary(join(testdata, "testdetector.c"), "-static");
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
