// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "../base/results.js";
import { loadCheck } from "../checks/load/load-check.js";
import { vectorsCheck } from "../checks/vectors/vectors-check.js";
import { loadFlags } from "../data/package/manifest/manifest.js";
import { openPackage, type Package, type PackageObject } from "../data/package/package.js";
import type { Finding } from "../lab/check.js";
import { withModules } from "../lab/guest-modules.js";
import type { Lab } from "../lab/lab.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { expectationsOf, patternOf, type SelftestExpectation } from "./selftest-expectation.js";
import { testModule } from "./selftest-module.js";
import type { SelftestObjects } from "./selftest-objects.js";
import { withRetvals } from "./selftest-retval.js";

/** One annotated program and what bpfgate says of it. */
export interface SelftestResult extends SelftestExpectation {
	/** `verifier_and/invalid_and_of_negative_number` */
	name: string;
	outcome: Outcome;
	code?: string;
	message?: string;
	/** What it needs of bpf_testmod: the verdict says nothing without that module. */
	needs?: string;
	/** What its run was seen to do, where it is annotated and its type can be run. */
	run?: { outcome: Outcome; message?: string };
	/** Refused as expected, but with none of the words that are expected. */
	otherwise?: true;
	log: string;
}

/** The load check over each annotated program, alone or with those it needs (test_loader.c). */
export async function* runSelftests(
	lab: Lab,
	plain: Kernel,
	{ folder, objects, moduleNames, module }: SelftestObjects,
): AsyncGenerator<SelftestResult> {
	const modules = "file" in module ? [{ name: testModule, file: module.file }] : [];
	const absent = "file" in module ? new Set<string>() : moduleNames;
	for (const file of objects) {
		const pkg = await openPackage(join(folder, file));
		const [object] = pkg.objects;
		if (!object) throw new Error(`${file} holds no object`);
		const { programs, auxiliary } = expectationsOf(object);
		const here = programs.filter(({ elsewhere }) => elsewhere === undefined);
		const good = here.filter(({ loads }) => loads).map(({ program }) => program);
		const groups = [
			...(good.length > 0 ? [good] : []),
			...here.filter(({ loads }) => !loads).map(({ program }) => [program]),
		];
		const all = only(pkg, object, [...here.map(({ program }) => program), ...auxiliary], here);
		const { guest = {} } = await withModules(plain, [all], [], lab.functions);
		// What the kernel's own modules lack, bpf_testmod has.
		const { lacking: _, ...needs } = guest;
		const kernel = { ...plain, guest: { ...needs, modules: [...(guest.modules ?? []), ...modules] } };
		yield* await lab.withBench(kernel, async (bench) => {
			const findings = new Map<string, Finding>();
			for (const group of groups) {
				const part = only(pkg, object, [...group, ...auxiliary], here);
				const run = loadCheck.create({ packages: [part], chains: [], kernels: [kernel], coverage: false });
				for await (const finding of run.run(part, bench)) findings.set(finding.case, finding);
			}
			const runnable = withRetvals(only(pkg, object, [...good, ...auxiliary], here), object, here);
			const runs = vectorsCheck.create({ packages: [], chains: [], kernels: [kernel], coverage: false });
			if (runnable)
				for await (const finding of runs.run(runnable, bench))
					findings.set(`retval/${finding.evidence.program ?? finding.case}`, finding);
			return here.map((expected) => resultOf(file, expected, findings, absent));
		});
	}
}

/** The package with these programs alone, none of them attached. */
function only(
	pkg: Package,
	object: PackageObject,
	wanted: readonly string[],
	expected: readonly SelftestExpectation[],
): Package {
	const programs = Object.fromEntries(
		object.programs.map(({ name }) => {
			const told = expected.find(({ program }) => program === name)?.flags ?? [];
			const flags = loadFlags.filter((flag) => told.includes(`BPF_F_${flag.toUpperCase()}`));
			const attach = { hook: "none" as const };
			return [name, { autoload: wanted.includes(name), attach, ...(flags.length > 0 ? { flags } : {}) }];
		}),
	);
	const maps = object.maps.filter(({ type }) => type !== "struct_ops");
	return { ...pkg, objects: [{ ...object, maps, settings: { ...object.settings, programs } }] };
}

function resultOf(
	file: string,
	expected: SelftestExpectation,
	findings: ReadonlyMap<string, Finding>,
	moduleNames: ReadonlySet<string>,
): SelftestResult {
	const name = `${file.replace(/\.bpf\.o$/, "")}/${expected.program}`;
	const finding = findings.get(`program/${expected.program}`);
	if (!finding) throw new Error(`${name} has no finding`);
	const { outcome, reason, evidence } = finding;
	const invalid = findings.get("retval/retval");
	if (invalid) throw new Error(`${name}: ${invalid.reason?.message}`);
	const run = findings.get(`retval/${expected.program}`);
	const needs = missingNames(finding).find((missing) => moduleNames.has(missing));
	return {
		...expected,
		name,
		outcome,
		...(reason ? { code: reason.code, message: reason.message } : {}),
		...(needs === undefined ? {} : { needs }),
		...(outcome === "fail" && !expected.loads && isOtherwise(expected, finding)
			? { otherwise: true as const }
			: {}),
		...(run && outcome === "pass"
			? { run: { outcome: run.outcome, ...(run.reason ? { message: run.reason.message } : {}) } }
			: {}),
		log: String(evidence.verifier_log || evidence.libbpf_log || ""),
	};
}

/** Whether the verifier said nothing of what is expected. */
function isOtherwise({ messages }: SelftestExpectation, { reason, evidence }: Finding): boolean {
	const said = [evidence.verifier_log, evidence.libbpf_log, evidence.kernel_said, reason?.message];
	return messages.length > 0 && !messages.some((each) => patternOf(each).test(said.join("\n")));
}

function missingNames({ reason, evidence }: Finding): string[] {
	if (!/^(?:kfunc|ksym|attach-target|struct-ops)-missing$/.test(reason?.code ?? "")) return [];
	return Object.values((evidence.detail as Record<string, unknown> | undefined) ?? {}).map(String);
}

/** Disagreements that are explained, by kernel line: the reason by program, or by `object/*`. */
export type Explained = Record<string, Record<string, string>>;

export async function readExplained(path: string): Promise<Explained> {
	return JSON.parse(await readFile(path, "utf8"));
}
