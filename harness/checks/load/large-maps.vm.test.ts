// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Package } from "../../data/package/package.js";
import { kernelFor } from "../../lab/guest-size.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { loadCheck } from "./load-check.js";
import { packageOf } from "./testload.js";

async function findings(pkg: Package) {
	await using bench = await testbench("7.3", (kernel) => kernelFor(kernel, pkg));
	return await bench.check(pkg, loadCheck);
}

it("a guest has the memory that the package's maps need", async () => {
	const found = await findings(await packageOf("large"));
	expect([...found.values()].map(({ outcome }) => outcome)).toEqual(["pass", "pass"]);
});

it("a guest with too little memory does not count against the package", async () => {
	const found = await findings(await packageOf("large", { guest: { memory: 256 } }));
	expect(found.get("map/rings")).toMatchObject({ outcome: "error", reason: { code: "out-of-memory" } });
	expect([...found.values()].map(({ outcome }) => outcome)).not.toContain("fail");
});

it("a map that the kernel takes seconds to free is no leftover", async () => {
	const pkg = await packageOf("slow-to-free");
	await using bench = await testbench("6.12", (kernel) => kernelFor(kernel, pkg));
	const found = await bench.check(pkg, loadCheck);
	expect([...found.values()].map(({ outcome }) => outcome)).toEqual(["pass", "pass"]);
});
