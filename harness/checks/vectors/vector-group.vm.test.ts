// SPDX-License-Identifier: Apache-2.0
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import type { Finding } from "../../lab/check.js";
import { CellWorkbench } from "../../lab/workbench.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { vectorsRun } from "./vectors-check.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const source = join(root, "harness/lab/subject/session/testdata/killer.bpf.c");

/**
 * `v0`, `v1` ...: each gets 0 as argument; the deadly ones get 1, which ends the guest. `attached`:
 * programs with a vector of the same name.
 */
async function killer(
	count: number,
	deadly: readonly number[],
	attached: readonly string[] = [],
): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-killer-"));
	try {
		await copyFile(source, join(folder, "killer.bpf.c"));
		await execa(join(root, "programs/build"), [join(folder, "killer.bpf.c")]);
		const vectors = Array.from({ length: count }, (_, index) => ({
			name: `v${index}`,
			program: "strike",
			context: { args: [deadly.includes(index) ? 1 : 0] },
			expect: { retval: 0, maps_after: { ".bss": { runs: "+1" } } },
		}));
		const others = attached.map((program) => ({
			...{ name: program, program },
			expect: { maps_after: { ".bss": { runs: "+1" } } },
		}));
		await writeFile(join(folder, "killer.json"), JSON.stringify({ vectors: [...others, ...vectors] }));
		const manifest = { name: "killer", version: "1", objects: ["killer.bpf.o"], vectors: ["killer.json"] };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Findings of the check on 6.12, and the number of guests used. */
async function check(pkg: Package, prepare: (guest: Guest, number: number) => void = () => {}) {
	const machines = new Machines({ agent: agentPath });
	let guests = 0;
	const bench = new CellWorkbench(await openKernel("6.12"), {
		guests: {
			expect: () => {},
			acquire: async (kernel) => {
				const guest = await machines.clone(kernel);
				prepare(guest, guests++);
				return guest;
			},
		},
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
	});
	const findings: Finding[] = [];
	try {
		for await (const finding of vectorsRun.run(pkg, bench)) findings.push(finding);
	} finally {
		await bench.retire();
	}
	return { findings, guests };
}

it("gives the loss of a guest only to the vectors that cause it, not to the others of their request", async () => {
	const { findings, guests } = await check(await killer(300, [17, 270]));
	const notPassed = findings.filter(({ outcome }) => outcome !== "pass");
	expect(notPassed.map((finding) => [finding.case, finding.outcome, finding.reason?.code])).toEqual([
		["killer/v17", "fail", "vector-ends-guest"],
		["killer/v270", "fail", "vector-ends-guest"],
	]);
	expect(notPassed[0]?.reason?.message).toMatch(
		/^strike ended two fresh guests of kernel 6\.12 when killer\/v17 ran, the second one so: guest 6\.12 died: /,
	);
	expect(findings.map((finding) => finding.case).sort()).toEqual(
		Array.from({ length: 300 }, (_, index) => `killer/v${index}`).sort(),
	);
	// A request of many, one by one, a request of many, one by one, and the rest.
	expect(guests).toBe(5);
});

it("names the attached program with which guests end, and judges the others in another guest", async () => {
	const { findings, guests } = await check(await killer(1, [], ["strike_at_entry", "count_at_entry"]));
	expect(findings.map((finding) => [finding.case, finding.outcome, finding.reason?.code])).toEqual([
		["killer/strike_at_entry", "fail", "vector-ends-guest"],
		["killer/count_at_entry", "pass", undefined],
		["killer/v0", "pass", undefined],
	]);
	expect(findings[0]?.evidence).toMatchObject({ program: "strike_at_entry", loss: "guest-died" });
	// Two end, and each of the other programs has its own.
	expect(guests).toBe(4);
});

it("reports a loss that does not happen again as a finding of its own", async () => {
	const { findings, guests } = await check(await killer(3, []), ({ client, pid }, number) => {
		const call = client.call.bind(client);
		client.call = (op, args) => {
			if (op === "replay" && number === 0) process.kill(pid, "SIGKILL");
			return call(op, args);
		};
	});
	expect(findings.map((finding) => [finding.case, finding.outcome])).toEqual([
		["killer/v0", "pass"],
		["killer/v1", "pass"],
		["killer/v2", "pass"],
		["lost-guest", "error"],
	]);
	expect(findings[3]?.reason?.message).toContain("it was running one of 3 vectors");
	expect(findings[3]?.evidence).toEqual({ cases: ["killer/v0", "killer/v1", "killer/v2"] });
	expect(guests).toBe(2);
});
