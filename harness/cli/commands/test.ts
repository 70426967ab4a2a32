// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../../base/errors.js";
import { exitStatus } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { suiteOf } from "../../data/vectors/suite.js";
import type { Check } from "../../lab/check.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import { reporterNames } from "../../report/reporter.js";
import type { RunEvent } from "../../run/events.js";
import { assertExpectations } from "../../run/expectations.js";
import type { TestRequest } from "../../run/test-packages.js";
import { assertOutputs, deliver, type Outputs } from "../terminal/deliver.js";
import { follow } from "../terminal/progress.js";
import { openChains } from "./chains.js";
import { type ExploreOptions, explorationOf, exploreOptions, saveFinds } from "./explore.js";

/** What the command sets in motion. */
export interface Engine {
	/** The checks that there are. */
	readonly checks: readonly Check[];
	/** @throws InputError when it is no package */
	openPackage(path: string): Promise<Package>;
	/**
	 * Kernels of the store, checked against their digests.
	 *
	 * @param wanted ids, or `default` or `all`
	 * @throws InputError for an unknown kernel; UndecidedError for one that is not here
	 */
	kernels(wanted: string[]): Promise<Kernel[]>;
	run(request: TestRequest): AsyncIterable<RunEvent>;
}

interface TestOptions extends Outputs, ExploreOptions {
	kernel?: string[];
	kernels?: string[];
	check?: Check[];
	chain?: string[];
	jobs: number;
	cold?: boolean;
}

/**
 * `bpfgate test`: sets `process.exitCode` to the run's exit status.
 *
 * @param signal asked for only once the run begins
 */
export function testCommand(engine: Engine, signal: () => AbortSignal): Command {
	return new Command("test")
		.description("boot kernels and run packages through the checks on each of them")
		.argument("<package...>", "folder with a bpfgate.json, archive of one, or a bare ELF object")
		.option("--kernel <id>", "a kernel; may be given several times", collect<string>)
		.addOption(
			new Option("--kernels <list>", "`default`, `all`, or ids with commas between them (default: default)")
				.argParser((text: string) => text.split(","))
				.conflicts("kernel"),
		)
		.addOption(
			new Option(
				"--check <name>",
				"a check; may be given several times (default: every check; signature of signed packages, chain of those in chains and token of those that declare one only)",
			).argParser((text: string, earlier?: Check[]) => collect(checkIn(engine.checks, text), earlier)),
		)
		.option(
			"--chain <file>",
			"chains whose members are of several packages; may be given several times",
			collect<string>,
		)
		.option("--jobs <n>", "guests at a time", positiveInteger, availableParallelism())
		.option("--cold", "boot every guest instead of cloning a booted one")
		.option("--json <file>", "write the results document; `-` is standard output")
		.addOption(new Option("--reporter <name>", "what to print (default: pretty)").choices(reporterNames))
		.option("--report <folder>", "write results.json, report.html and captures/ into this folder")
		.option("--captures <folder>", "write the packets of failed vectors into this folder, for Wireshark")
		.option("--coverage <file>", "measure on the last kernel what the vectors reach; write it for lcov")
		.addOption(exploreOptions.explore)
		.addOption(exploreOptions.seed)
		.addOption(exploreOptions.saveFinds)
		.action(async (paths: string[], options: TestOptions) => {
			await assertOutputs(options);
			const checks = options.check ?? engine.checks;
			const has = (name: string) => checks.some((check) => check.name === name);
			if (options.coverage !== undefined && !has("vectors"))
				throw new InputError("--coverage", "", "is of the check vectors, which --check leaves out");
			if (options.chain && !has("chain"))
				throw new InputError("--chain", "", "is of the check chain, which --check leaves out");
			const explore = await explorationOf(options, paths.length);
			const packages = await openAll(engine, paths);
			assertExpectations(
				packages,
				engine.checks.map(({ name }) => name),
			);
			const chains = has("chain")
				? await openChains(options.chain ?? [], packages, options.check !== undefined)
				: [];
			const kernels = await engine.kernels(options.kernel ?? options.kernels ?? ["default"]);
			const results = await follow(
				engine.run({
					packages,
					chains,
					kernels,
					checks,
					named: options.check !== undefined,
					jobs: options.jobs,
					cold: options.cold ?? false,
					coverage: options.coverage !== undefined,
					explore,
					signal: signal(),
				}),
			);
			await deliver(results, options);
			await saveFinds(results, options);
			process.exitCode = exitStatus(results);
			if (!results.run.interrupted && has("vectors")) assertVectors(packages);
		});
}

/**
 * The other vectors have run by now: a file that is wrong is an `error` in the results, and makes
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
			if (twin) throw new InputError(path, "", `has the name "${pkg.name}", as ${twin.path} has`);
			packages.push(pkg);
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			errors.push(error);
		}
	}
	if (errors.length > 0) throw new AggregateError(errors);
	return packages;
}

function collect<T>(value: T, earlier: T[] = []): T[] {
	return [...earlier, value];
}

function checkIn(checks: readonly Check[], text: string): Check {
	const found = checks.find(({ name }) => name === text);
	if (!found)
		throw new InvalidArgumentError(`Allowed choices are ${checks.map(({ name }) => name).join(", ")}.`);
	return found;
}

function positiveInteger(text: string): number {
	const value = Number(text);
	if (!/^\d+$/.test(text) || value < 1 || value > 256) {
		throw new InvalidArgumentError("It must be a whole number from 1 to 256.");
	}
	return value;
}
