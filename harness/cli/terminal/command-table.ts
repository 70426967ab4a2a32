// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from "node:os";
import { InvalidArgumentError } from "commander";
import { type Contract, contracts } from "../../data/signing/contract.js";
import { commaList, type OptionSpec, type OptionSpecs, type OptionValues, wholeNumber } from "./option.js";

/** One command: help, arguments, options; `commander` and docs/command-line.md follow. */
export interface CommandSpec {
	summary: string;
	arguments?: readonly [name: string, help: string][];
	options: OptionSpecs;
	/** A paragraph below the options. */
	notes?: string;
}

const json = { help: "print JSON" } as const satisfies OptionSpec;

const packageArgument = "folder with a bpfgate.json, an archive of one, or an ELF object";

/** Which kernels: the same two options for every command that boots some. */
const kernelChoice = {
	kernel: { value: "<id>", help: "a kernel", many: true, conflicts: ["kernels"] },
	kernels: {
		value: "<list>",
		help: "`default`, `all`, or ids separated by commas",
		parse: commaList,
	},
} as const satisfies OptionSpecs;

const defaultKernels = {
	...kernelChoice,
	kernels: { ...kernelChoice.kernels, defaultText: "default" },
} as const satisfies OptionSpecs;

const newestKernel = {
	...kernelChoice,
	kernel: { ...kernelChoice.kernel, defaultText: "the newest default kernel" },
} as const satisfies OptionSpecs;

const passphrase = (help: string) =>
	({ value: "<source>", help: `${help}: env:NAME, file:PATH or prompt` }) as const;

/** Every command of bpfgate, in the order of `bpfgate --help`. */
export const commandTable = {
	test: {
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
				value: "<seconds>",
				help: "most time for one package on one kernel; what is left is an error, and the other cells go on",
				parse: wholeNumber(1, 86_400),
				defaultText: "from its programs and cases",
			},
			cold: { help: "boot every VM instead of cloning a booted one" },
			output: {
				value: "<name=path>",
				help: "write one output; `-` is standard output",
				many: true,
			},
			reporter: {
				value: "<name>",
				help: "what to print: short for --output <name>=-",
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
			"A check suits a package that has something for it: signatures, chains, a token; load and vectors always suit.",
	},
	inspect: {
		summary: "show what a package contains and needs (no VM)",
		arguments: [["<package>", packageArgument]],
		options: { json },
	},
	"vectors record": {
		summary: "record observed results as expectations",
		arguments: [["<package>", "folder with a bpfgate.json"]],
		options: {
			...newestKernel,
			update: { help: "also rewrite expectations that do not hold" },
			vector: { value: "<pattern>", help: "cases to record; `*` matches any characters" },
			dryRun: { help: "write nothing; exit status 1 when something would be written" },
			yes: { help: "write without asking" },
		},
	},
	"vectors list": {
		summary: "list the cases: program, packets, file and line",
		arguments: [["<package>", "folder with a bpfgate.json, or an archive of one"]],
		options: { json },
	},
	"vectors check": {
		summary: "validate vector files against their objects (no VM)",
		arguments: [["<package...>", "folder with a bpfgate.json, or an archive of one"]],
		options: {},
	},
	"token infer": {
		summary: "find the smallest BPF token with which a package works",
		arguments: [["<package>", packageArgument]],
		options: { ...defaultKernels, json },
		notes:
			"Exit status 1: the manifest declares another token. 3: no kernel gave one; kernels before 6.9 have no tokens.",
	},
	"token audit": {
		summary: "try what a delegation allows, and say what a user could do with it",
		arguments: [
			[
				"<delegation...>",
				"delegate_progs=kprobe,... | security.bpffs.delegate_progs=kprobe | cap_bpf,... | token.conf | <package>",
			],
		],
		options: { ...defaultKernels, json },
		notes: "Without a capability, the user has all capabilities of the user namespace, as in a container.",
	},
	"token demo": {
		summary: "show what a BPF token is: the same user refused, allowed, and refused again",
		options: newestKernel,
	},
	sign: {
		summary: "sign packages, and their programs for kernels that verify signatures",
		arguments: [
			["<package...>", "folder with a bpfgate.json (writes signatures/ into it), or an archive of one"],
		],
		options: {
			key: { value: "<file|pkcs11:uri>", help: "private key: PEM file or PKCS#11 URI", required: true },
			certificate: { value: "<file>", help: "certificate of the key, PEM or DER", required: true },
			passphrase: passphrase("passphrase of the key, or PIN of the PKCS#11 token"),
			contracts: {
				value: "<list>",
				help: `signature contracts of kernels: ${contracts.join(", ")}, or none`,
				parse: contractList,
				default: contracts,
				defaultText: "all",
			},
			out: { value: "<archive>", help: "signed archive to write, when the package is an archive" },
		},
	},
	verify: {
		summary: "verify the signatures of a package (no VM)",
		arguments: [["<package>", "folder with a bpfgate.json, or an archive of one"]],
		options: {
			certificate: { value: "<file>", help: "certificate of the expected signer" },
			trust: {
				value: "<folder>",
				help: "certificates of the accepted signers (.pem, .crt, .cer, .der)",
				conflicts: ["certificate"],
			},
			json,
		},
	},
	keygen: {
		summary: "create a key and a certificate for signing packages",
		options: {
			out: {
				value: "<folder>",
				help: "folder for key.pem, certificate.pem and certificate.der",
				required: true,
			},
			type: {
				value: "<type>",
				help: "type of the key",
				choices: ["rsa", "ecdsa"],
				parse: keyType,
				default: "rsa",
			},
			subject: {
				value: "<name>",
				help: "common name in the certificate",
				parse: commonName,
				default: "bpfgate",
			},
			days: {
				value: "<n>",
				help: "validity of the certificate in days",
				parse: wholeNumber(1, 36500),
				default: 365,
			},
			passphrase: passphrase("encrypt the key with this passphrase"),
		},
	},
	"kernels list": { summary: "list known kernels and those in the store", options: { json } },
	"kernels pull": {
		summary: "fetch kernels from the package mirror that apt is configured for",
		arguments: [["[id...]", "kernels such as 6.12; the default kernels when none is named"]],
		options: {
			all: { help: "every kernel of the catalog" },
			mirror: { value: "<address>", help: "Debian mirror (also: BPFGATE_MIRROR)" },
			securityMirror: {
				value: "<address>",
				help: "mirror of the -security suites (also: BPFGATE_SECURITY_MIRROR)",
			},
			update: { help: "look for newer releases of kernels in the store" },
			force: { help: "fetch again kernels in the store" },
		},
	},
	"kernels add": {
		summary: "add a kernel of your own to the store",
		arguments: [["<image>", "bootable image: x86 bzImage, arm64 Image, s390x bzImage"]],
		options: {
			modules: { value: "<folder>", help: "its modules, such as /lib/modules/<release>" },
			config: { value: "<file>", help: "its .config" },
			id: { value: "<name>", help: "its id", defaultText: "its release" },
		},
	},
	"kernels features": {
		summary: "probe running kernels for features",
		arguments: [["<id...>", "kernels; `default` and `all` name those of the catalog"]],
		options: {
			json: { help: "print JSON: a list with one entry per kernel" },
			all: { help: "also show features in which the kernels agree" },
		},
	},
	"kernels qualify": {
		summary: "check whether kernels keep their promises, once per image",
		arguments: [
			["[id...]", "kernels; `default` (used when none is named) and `all` name those of the catalog"],
		],
		options: {
			area: { value: "<name>", help: "one area of promises", defaultText: "all" },
			json: { help: "print JSON: a list with one entry per kernel and area" },
		},
	},
	doctor: {
		summary: "report what is missing on this machine, why it is needed and how to fix it",
		options: { json },
	},
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof commandTable;

/** Commands that only group others. */
export const commandGroups: Readonly<Record<string, string>> = {
	vectors: "packet vectors of a package",
	token: "BPF tokens: what a package needs, what a delegation allows",
	kernels: "the kernels that packages are tested on",
};

/** What a command's module exports as `run`. It sets `process.exitCode`, or throws. */
export type Action<N extends CommandName> = (
	args: Arguments,
	options: OptionValues<(typeof commandTable)[N]["options"]>,
	context: Context,
) => Promise<void>;

/** A command's arguments; one of several is a list. */
export type Arguments = readonly (string | string[])[];

/** What the process lends to a command. */
export interface Context {
	/** Standard output. */
	write(text: string): void;
	/** Aborted by Ctrl-C. Asking for it promises to end soon after. */
	signal(): AbortSignal;
}

function contractList(text: string): readonly Contract[] {
	if (text === "none") return [];
	const named = commaList(text).map((name) => {
		const contract = contracts.find((known) => known === name);
		if (!contract) throw new InvalidArgumentError(`It must be none, or a list of ${contracts.join(", ")}.`);
		return contract;
	});
	return [...new Set(named)];
}

function keyType(text: string): "rsa" | "ecdsa" {
	return text === "ecdsa" ? text : "rsa";
}

/** RFC 5280, appendix A.1: ub-common-name. */
const maxCommonName = 64;

function commonName(text: string): string {
	if (text.trim() === "" || text.length > maxCommonName || /\p{C}/u.test(text))
		throw new InvalidArgumentError(
			`It must have 1 to ${maxCommonName} characters, and no control characters.`,
		);
	return text;
}
