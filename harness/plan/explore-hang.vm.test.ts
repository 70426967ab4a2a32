// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { agentPath } from "../guest/build.js";
import { Machines } from "../vm/machine.js";
import { compiledExplored, explored, vectorsOf } from "./testexplore.js";

/** Shorter than what users get, so that a hang is found while the test waits. */
const impatient = new Machines({ agent: agentPath, patience: 3_000 });

it("finds the packet that a program hangs on, among others", async () => {
	const pkg = await compiledExplored(vectorsOf("hangs"));
	const { finds, results } = await explored(pkg, ["6.12"], 300, 1, impatient);
	expect(results[0]?.evidence.abandoned).toEqual(["6.12"]);
	expect(finds).toMatchObject([{ reason: { code: "explore-crash" }, evidence: { how: expect.any(String) } }]);
	expect(finds[0]?.reason?.message).toMatch(/ipv4\.flags/);
});
