// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { openPackage, type Package } from "../../data/package/package.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";

const ids = ["6.12", "7.3"];

async function packageOf(name: string): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-load-"));
	try {
		const file = join(folder, `${name}.bpf.o`);
		await writeFile(file, await compileBpf(join(import.meta.dirname, "testdata", `${name}.bpf.c`)));
		return await openPackage(file);
	} finally {
		await rm(folder, { recursive: true });
	}
}

async function tested(...names: string[]): Promise<CaseResult[]> {
	const document = await resultsOf({
		packages: await Promise.all(names.map(packageOf)),
		kernels: ids,
		checks: [loadCheck],
	});
	return document.results;
}

describe("the load check", async () => {
	const results = await tested("refused-member", "refused-type", "hurting", "hurting-later", "crashing");
	const of = (pkg: string, id: string) =>
		results.filter((result) => result.package === pkg && result.kernel === id);
	const line = ({ case: name, outcome, reason }: CaseResult) =>
		`${name} ${outcome}${reason ? ` ${reason.code}` : ""}`;

	it.each(ids)("%s: judges each program of a struct_ops map that has a refused one", (id) => {
		expect(of("refused-member", id).map(line)).toEqual([
			"program/bad_ssthresh fail invalid-dereference",
			"program/good_ssthresh pass",
			"program/good_cong_avoid pass",
			"program/good_undo pass",
			"attach/bad_cc skip not-loaded",
			"attach/good_cc pass",
		]);
		const skipped = of("refused-member", id).find(({ outcome }) => outcome === "skip");
		expect(skipped?.reason).toMatchObject({
			message: "bad_cc was not attached, because bad_ssthresh did not load",
			hint: "see program/bad_ssthresh",
		});
	});

	it.each(ids)("%s: judges a program beside a struct_ops map whose type the kernel lacks", (id) => {
		expect(of("refused-type", id).map(line)).toEqual([
			"program/go fail struct-ops-missing",
			"program/unrelated pass",
			"attach/unrelated pass",
			"attach/absent skip not-loaded",
		]);
	});

	it.each(ids)("%s: attaches programs that deny or kill, and those after them", (id) => {
		const others = of("hurting", id).filter(({ outcome }) => outcome !== "pass");
		expect(others.map(line)).toEqual(
			id === "7.3"
				? []
				: ["program/refuse_close fail attach-target-not-allowed", "attach/refuse_close skip not-loaded"],
		);
		const refused = of("hurting", id).filter(({ evidence }) => "refused_to_agent" in evidence);
		expect(refused.map((result) => [result.case, result.evidence.refused_to_agent])).toEqual([
			["attach/deny_bpf", "BPF_OBJ_GET_INFO_BY_FD: EPERM"],
		]);
	});

	it.each(ids)("%s: judges programs that deny, stop or flood later, and those after them", (id) => {
		const found = of("hurting-later", id);
		expect(found.filter(({ outcome }) => outcome !== "pass").map(line)).toEqual([]);
		expect(found.map(({ case: name }) => name)).toContain("attach/unrelated");
	});

	it.each(ids)("%s: blames a program with which two guests end, in guests of its own", (id) => {
		expect(of("crashing", id).map(line)).toEqual([
			"program/sound pass",
			"program/note_call pass",
			"program/crash_after_note pass",
			"program/crash_at_calls pass",
			"program/crash_handler_too pass",
			"program/also_sound pass",
			"attach/sound pass",
			"attach/note_call pass",
			"attach/crash_after_note pass",
			"attach/crash_at_calls fail attach-ends-guest",
			"attach/crash_handler_too fail kernel-panic",
			"attach/also_sound pass",
			"kernel-log/panic fail kernel-panic",
		]);
		const [twice] = of("crashing", id).flatMap(({ reason }) => reason?.message ?? []);
		expect(twice).toMatch(
			/^crash_at_calls attached to raw_tp\/sys_enter ended two fresh guests .*the agent crashed/,
		);
	});
});
