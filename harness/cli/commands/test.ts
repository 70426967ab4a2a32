// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { exitStatus } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { suiteOf } from "../../data/vectors/suite.js";
import type { Check } from "../../lab/check.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Output } from "../../report/output.js";
import type { RunEvent } from "../../run/events.js";
import { assertExpectations } from "../../run/expectations.js";
import type { TestRequest } from "../../run/test-packages.js";
import type { Action } from "../terminal/command-table.js";
import type { KnownNames } from "../terminal/option.js";
import { assertWritable, outputRequests, writeOutputs } from "../terminal/outputs.js";
import { follow } from "../terminal/progress.js";
import { openChains } from "./test/chain-files.js";
import { explorationOf, saveFinds } from "./test/exploration.js";

/** What the command works with; tests replace it. */
export interface Engine {
	readonly checks: readonly Check[];
	readonly outputs: readonly Output[];
	/** @throws InputError for an invalid package */
	openPackage(path: string): Promise<Package>;
	/**
	 * Kernels of the store, checked against their digests.
	 *
	 * @param wanted ids, or `default` or `all`
	 * @throws InputError for an unknown kernel; UndecidedError for one that is not in the store
	 */
	kernels(wanted: string[]): Promise<Kernel[]>;
	run(request: TestRequest): AsyncIterable<RunEvent>;
}

/** The names that options of `bpfgate test` can have. */
export function namesOf({ checks, outputs }: Pick<Engine, "checks" | "outputs">): KnownNames {
	return {
		checks: checks.map(({ name }) => name),
		summaries: checks.map(({ name, summary }) => `  ${name.padEnd(11)}${summary}`),
		printed: outputs.filter(({ kind }) => kind === "text").map(({ name }) => name),
	};
}

/** `bpfgate test`: sets `process.exitCode` to the run's exit status. */
export function testWith(engine: Engine): Action<"test"> {
	return async ([paths], options, context) => {
		const requests = outputRequests(options, engine.outputs);
		await assertWritable(requests);
		const checks = engine.checks.filter(({ name }) => options.check?.includes(name) ?? true);
		const has = (name: string) => checks.some((check) => check.name === name);
		const coverage = requests.find(({ output }) => output.measures === "coverage");
		if (coverage && !has("vectors"))
			throw new InputError(coverage.option, "", "needs the check vectors, which --check leaves out");
		if (options.chain && !has("chain"))
			throw new InputError("--chain", "", "needs the check chain, which --check leaves out");
		const named = options.check !== undefined;
		const files = [paths ?? []].flat();
		const explore = await explorationOf(options, files.length);
		const packages = await openAll(engine, files);
		assertExpectations(packages, namesOf(engine).checks);
		const chains = has("chain") ? await openChains(options.chain ?? [], packages, named) : [];
		const results = await follow(
			engine.run({
				packages,
				chains,
				kernels: await engine.kernels(options.kernel ?? options.kernels ?? ["default"]),
				checks,
				named,
				jobs: options.jobs,
				...(options.memory === undefined ? {} : { guest: { memory: options.memory } }),
				cold: options.cold ?? false,
				cellTimeout: options.cellTimeout === undefined ? undefined : options.cellTimeout * 1000,
				coverage: coverage !== undefined,
				explore,
				signal: context.signal(),
			}),
		);
		await writeOutputs(results, requests);
		await saveFinds(results, options);
		process.exitCode = exitStatus(results);
		if (!results.run.interrupted && has("vectors")) assertVectors(packages);
	};
}

/**
 * The other vectors have run by now: an invalid vector file is an `error` in the results, and makes
 * the input invalid.
 *
 * @throws AggregateError of an InputError for each mistake in a vector file
 */
function assertVectors(packages: Package[]): void {
	const errors = packages.flatMap((pkg) => suiteOf(pkg).invalid.flatMap((file) => file.errors));
	if (errors.length > 0) throw new AggregateError(errors);
}

/** @throws AggregateError of an InputError for each package that is invalid */
async function openAll(engine: Engine, paths: string[]): Promise<Package[]> {
	const packages: Package[] = [];
	const errors: InputError[] = [];
	for (const path of paths) {
		try {
			const pkg = await engine.openPackage(path);
			const twin = packages.find(({ name }) => name === pkg.name);
			if (twin) throw new InputError(path, "", `has the same name as ${twin.path}: "${pkg.name}"`);
			packages.push(pkg);
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			errors.push(error);
		}
	}
	if (errors.length > 0) throw new AggregateError(errors);
	return packages;
}
