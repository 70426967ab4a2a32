// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "../base/results.js";
import { loadCheck } from "../checks/load/load-check.js";
import { openPackage, type Package, type PackageObject } from "../data/package/package.js";
import type { Finding } from "../lab/check.js";
import type { Lab } from "../lab/lab.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { expectationsOf, logHas, type SelftestExpectation } from "./selftest-expectation.js";
import type { SelftestObjects } from "./selftest-objects.js";

/** One annotated program and what bpfgate says of it. */
export interface SelftestResult extends SelftestExpectation {
	/** `verifier_and/invalid_and_of_negative_number` */
	name: string;
	outcome: Outcome;
	code?: string;
	message?: string;
	/** The last annotated message that the log has, and that the reason was not made from. */
	passed_over?: string;
	log: string;
}

/**
 * Runs the load check over every annotated program: those that must load together, each of the
 * others alone, as test_loader.c does.
 */
export async function* runSelftests(
	lab: Lab,
	kernel: Kernel,
	{ folder, objects }: SelftestObjects,
): AsyncGenerator<SelftestResult> {
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
		yield* await lab.withBench(kernel, async (bench) => {
			const findings = new Map<string, Finding>();
			for (const group of groups) {
				const part = only(pkg, object, [...group, ...auxiliary]);
				const run = loadCheck.create({ packages: [part], chains: [], kernels: [kernel], coverage: false });
				for await (const finding of run.run(part, bench)) findings.set(finding.case, finding);
			}
			return here.map((expected) =>
				resultOf(file, expected, findings.get(`program/${expected.program}`), findings),
			);
		});
	}
}

/** The package with these programs alone, none of them attached. */
function only(pkg: Package, object: PackageObject, wanted: readonly string[]): Package {
	const programs = Object.fromEntries(
		object.programs.map(({ name }) => [
			name,
			{ autoload: wanted.includes(name), attach: { hook: "none" as const } },
		]),
	);
	const maps = object.maps.filter(({ type }) => type !== "struct_ops");
	return { ...pkg, objects: [{ ...object, maps, settings: { ...object.settings, programs } }] };
}

function resultOf(
	file: string,
	expected: SelftestExpectation,
	finding: Finding | undefined,
	all: ReadonlyMap<string, Finding>,
): SelftestResult {
	const name = `${file.replace(/\.bpf\.o$/, "")}/${expected.program}`;
	if (!finding) throw new Error(`${name} has no finding: ${[...all.keys()].join(", ")}`);
	const { outcome, reason, evidence } = finding;
	const log = String(evidence.verifier_log ?? "");
	const said = String(evidence.kernel_said ?? "");
	const there = expected.messages.filter((message) => logHas(log, message)).at(-1);
	return {
		...expected,
		name,
		outcome,
		...(reason ? { code: reason.code, message: reason.message } : {}),
		...(there !== undefined && !logHas(said, there) ? { passed_over: there } : {}),
		log: log || String(evidence.libbpf_log ?? ""),
	};
}

/** Disagreements that are explained, by kernel line: the reason by program, or by `object/*`. */
export type Explained = Record<string, Record<string, string>>;

export async function readExplained(path: string): Promise<Explained> {
	return JSON.parse(await readFile(path, "utf8"));
}
