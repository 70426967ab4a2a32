// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { exitStatus } from "../../base/results.js";
import { withOptionalPrograms } from "../../data/package/autoload.js";
import { type Dialect, dialectOf } from "../../data/package/elf/dialect.js";
import type { Package } from "../../data/package/package.js";
import { suiteOf } from "../../data/vectors/suite.js";
import type { Check } from "../../lab/check.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Output } from "../../report/output.js";
import type { TestRequest } from "../../run/demands.js";
import type { RunEvent } from "../../run/events.js";
import { assertExpectations } from "../../run/expectations.js";
import type { Action } from "../terminal/command-table.js";
import type { KnownNames } from "../terminal/option.js";
import { assertApart, assertNoInputs, placesOf } from "../terminal/output-places.js";
import { assertWritable, outputRequests, writeOutputs } from "../terminal/outputs.js";
import { follow } from "../terminal/progress.js";
import { assertChains, openChains } from "./test/chain-files.js";
import { explorationOf, saveFinds } from "./test/exploration.js";
import { inputFiles, openInputs } from "./test/inputs.js";

/** What the command works with; tests replace it. */
export interface Engine {
	readonly checks: readonly Check[];
	readonly outputs: readonly Output[];
	/** @throws InputError for an invalid package */
	openPackage(path: string, options?: { dialect?: Dialect | undefined }): Promise<Package>;
	/**
	 * Kernels of the store, checked against their digests.
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
		const saved = options.saveFinds;
		const written = [...requests, ...(saved === undefined ? [] : [{ path: saved, option: "--save-finds" }])];
		await assertApart(written);
		await assertWritable(requests);
		const checks = engine.checks.filter(({ name }) => options.check?.includes(name) ?? true);
		const has = (name: string) => checks.some((check) => check.name === name);
		const coverage = requests.find(({ output }) => output.measures === "coverage");
		if (coverage && !has("vectors"))
			throw new InputError(coverage.option, "", "needs the check vectors, which --check leaves out");
		if (options.chain && !has("chain"))
			throw new InputError("--chain", "", "needs the check chain, which --check leaves out");
		const files = [paths ?? []].flat();
		const explore = await explorationOf(options, files.length);
		const { packages, broken } = await openInputs(files, {
			open: async (path) => {
				const pkg = await engine.openPackage(path, { dialect: dialectOf(options.dialect) });
				assertExpectations([pkg], namesOf(engine).checks);
				const opened = options.autoload === "all" ? withOptionalPrograms(pkg) : pkg;
				// Now: later, guests would wait for it.
				if (has("vectors")) suiteOf(opened);
				return opened;
			},
			assertAmong: has("chain") ? assertChains : () => undefined,
		});
		const chains = has("chain") ? await openChains(options.chain ?? [], packages) : [];
		const inputs = await placesOf([...inputFiles(packages, broken), ...(options.chain ?? [])]);
		await assertNoInputs(written, inputs);
		const kernels = await engine.kernels(options.kernel ?? options.kernels ?? ["default"]);
		const results = await follow(
			engine.run({
				packages,
				broken,
				chains,
				kernels,
				checks,
				named: options.check !== undefined,
				jobs: options.jobs,
				guest: {
					...(options.memory === undefined ? {} : { memory: options.memory }),
					modules: options.module ?? [],
				},
				cold: options.cold ?? false,
				resume: options.resume ?? false,
				cellTimeout: options.cellTimeout === undefined ? undefined : options.cellTimeout * 1000,
				packageTimeout: options.packageTimeout === undefined ? undefined : options.packageTimeout * 1000,
				guestTimeout: options.guestTimeout === undefined ? undefined : options.guestTimeout * 1000,
				coverage: coverage !== undefined,
				explore,
				allowEmpty: options.allowEmpty,
				require: options.require && requiredKernels(options.require, kernels),
				failOnSkip: options.failOnSkip,
				ignoreExpectations: options.ignoreExpectations,
				filter: options.filter,
				signal: context.signal(),
			}),
		);
		await writeOutputs(results, requests, inputs);
		await saveFinds(results, options);
		// An invalid input that stands alone; among others it is a failed case.
		const invalid = files.length === 1 && has("vectors") && packages.some(hasInvalidVectors);
		process.exitCode = invalid && !results.run.interrupted ? 2 : exitStatus(results);
	};
}

const hasInvalidVectors = (pkg: Package) => suiteOf(pkg).invalid.length > 0;

/** @throws InputError for a required kernel that the run does not have */
function requiredKernels(wanted: readonly string[], kernels: readonly Kernel[]): string[] {
	const ids = kernels.map(({ id }) => id);
	const absent = wanted.filter((id) => id !== "all" && !ids.includes(id));
	if (absent.length > 0)
		throw new InputError(
			"--require",
			"",
			`${absent.map((id) => JSON.stringify(id)).join(", ")} is not among the kernels of this run: ${ids.join(", ")}`,
		);
	return wanted.includes("all") ? ids : [...new Set(wanted)];
}
