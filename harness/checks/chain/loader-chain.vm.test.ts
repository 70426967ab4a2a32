// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { linkLibbpf } from "../../machine/guest/build.js";
import { findTool } from "../../machine/guest/tool.js";
import { chainBench } from "./testchainbench.js";

const testdata = join(import.meta.dirname, "testdata");
const libbpf = join(import.meta.dirname, "../../../build/libbpf");

/**
 * A package whose loader (attach-all.c) attaches `attached` in this order, while `members` is
 * promised.
 */
async function pkg(
	{ how, hook }: { how: string; hook: string },
	members: readonly string[],
	attached: readonly string[],
): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-loader-"));
	try {
		await execa(await findTool("gcc"), [
			...["-static", "-O2", "-Wall", "-Wextra", "-Werror", "-isystem", join(libbpf, "include")],
			...["-isystem", join(libbpf, "uapi"), join(testdata, "attach-all.c"), "-o", join(folder, "attach-all")],
			...(await linkLibbpf(libbpf, machine())),
		]);
		await writeFile(join(folder, "front.bpf.o"), await compileBpf(join(testdata, "members.bpf.c")));
		const chain = {
			...{ name: "edge", hook, mechanism: how, members: members.map((program) => ({ program })) },
			loader: {
				command: ["attach-all", how, "{device}", "front.bpf.o", ...attached],
				files: ["attach-all", "front.bpf.o"],
			},
		};
		const manifest = { name: "front", version: "1", objects: ["front.bpf.o"], chains: [chain] };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

describe.each([
	{ how: "tc", hook: "tc_ingress" },
	{ how: "tcx", hook: "tc_ingress" },
	{ how: "netkit", hook: "netkit_primary" },
])("what a loader attaches by $how, on 7.3", (place) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench("7.3");
	});
	afterAll(() => bench.dispose());

	const said = async (members: readonly string[], attached: readonly string[]) => {
		const findings = await bench.check(await pkg(place, members, attached));
		return [...findings.values()].map(({ outcome, reason }) => reason?.message ?? outcome);
	};

	it("runs in the declared order", async () => {
		const members = ["account", "filter", "mark"];
		expect(await said(members, members)).toEqual(["pass", "pass", "pass"]);
	});

	it("is reported, member by member, where it differs from the declaration", async () => {
		const [loader, configured, executed] = await said(["account", "mark"], ["mark", "account", "deaf"]);
		expect(loader).toBe("pass");
		expect(configured).toMatch(/deaf \(program \d+\) at position 3 is not a member of the chain/);
		expect(configured).toContain("account: expected at position 1, found at 2");
		expect(executed).toContain("account: expected at position 1, ran at 2");
	});
});
