// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from "node:os";
import {
	type CommandSpec,
	cellTimeout,
	commaList,
	defaultKernels,
	dialect,
	packageArgument,
	wholeNumber,
} from "./option.js";

export const testCommand = {
	summary: "run the checks on packages, on each kernel",
	arguments: [["<package...>", packageArgument]],
	options: {
		...defaultKernels,
		check: {
			value: "<name>",
			help: "a check",
			many: true,
			choices: "checks",
			defaultText: "every check that suits the package",
		},
		chain: {
			value: "<file>",
			help: "chains whose members are in several packages",
			many: true,
		},
		dialect,
		autoload: {
			value: "<which>",
			help: "`all`: also load optional programs (a `?` before their section)",
			choices: ["all"],
		},
		filter: {
			value: "<pattern>",
			help: "only cases such as load/program/x; `*` matches any characters",
			many: true,
		},
		require: {
			value: "<list>",
			help: "kernels, or `all`, on which a skip or nothing tested is a failure",
			parse: commaList,
		},
		failOnSkip: { help: "a skip is a failure on every kernel" },
		ignoreExpectations: { help: "a failure that the manifest announces is a failure all the same" },
		allowEmpty: { help: "accept packages that no case tested" },
		jobs: {
			value: "<n>",
			help: "maximum VMs in parallel",
			parse: wholeNumber(1, 256),
			default: availableParallelism(),
			defaultText: "number of CPUs",
		},
		memory: {
			value: "<MiB>",
			help: "memory of every VM",
			parse: wholeNumber(64, 1_048_576),
			defaultText: "what the maps need, at least 256",
		},
		cellTimeout: {
			...cellTimeout,
			help: `${cellTimeout.help}; what is left is an error, and the other cells go on`,
		},
		packageTimeout: {
			value: "<seconds>",
			help: "most time for one package on all kernels together; what is left is an error",
			parse: wholeNumber(1, 86_400),
			defaultText: "from its programs, cases and kernels",
		},
		guestTimeout: {
			value: "<seconds>",
			help: "time without an answer or progress after which a VM counts as hung",
			parse: wholeNumber(1, 3600),
			defaultText: "60, or 15 with KVM",
		},
		module: {
			value: "<name>",
			help: "load a module of the kernel, besides those that the programs need",
			many: true,
		},
		cold: { help: "boot every VM instead of cloning a booted one" },
		resume: {
			help: "take finished packages from runs that were killed, where package, kernel, checks and options are the same",
		},
		output: {
			value: "<name=path>",
			help: "write one output; `-` is standard output",
			many: true,
		},
		reporter: {
			value: "<name[=path]>",
			help: "what to print, or one more output as with --output",
			many: true,
			choices: "printed",
			defaultText: "pretty",
		},
		json: { value: "<file>", help: "write the results document: short for --output json=<file>" },
		report: {
			value: "<folder>",
			help: "write results.json, report.html and captures/: short for --output report=<folder>",
		},
		captures: {
			value: "<folder>",
			help: "write the packets of failed vectors, for Wireshark: short for --output captures=<folder>",
		},
		coverage: {
			value: "<file>",
			help: "write what the vectors reach on the last kernel, as lcov: short for --output coverage=<file>",
		},
		explore: {
			value: "<n>",
			help: "also run n changed vectors of each program on all kernels; report disagreements, crashes and invalid results",
			parse: wholeNumber(1, 1_000_000),
		},
		seed: {
			value: "<n>",
			help: "seed of --explore; the same seed gives the same changes",
			parse: wholeNumber(0, 0xffffffff),
			default: 1,
		},
		saveFinds: { value: "<file>", help: "write what --explore finds as vectors (YAML)" },
	},
	notes:
		"A check suits a package that has something for it: signatures, chains, a token; load and vectors always suit. " +
		"Exit status 3 if nothing was tested of a package, or nothing by a check that --check names.",
} as const satisfies CommandSpec;
