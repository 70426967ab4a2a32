// SPDX-License-Identifier: Apache-2.0
import { InvalidArgumentError } from "commander";
import { type Contract, contracts } from "../../data/signing/contract.js";
import {
	type CommandSpec,
	cellTimeout,
	commaList,
	defaultKernels,
	dialect,
	json,
	newestKernel,
	type OptionValues,
	packageArgument,
	passphrase,
	wholeNumber,
} from "./option.js";
import { testCommand } from "./test-command.js";

/** Every command of bpfgate, in the order of `bpfgate --help`. */
export const commandTable = {
	test: testCommand,
	inspect: {
		summary: "show what a package contains and needs (no VM)",
		arguments: [["<package>", packageArgument]],
		options: { json, dialect },
	},
	"vectors record": {
		summary: "record observed results as expectations",
		arguments: [["<package>", "folder with a bpfgate.json"]],
		options: {
			...newestKernel,
			cellTimeout,
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
		options: { ...defaultKernels, cellTimeout, json },
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
		options: { ...defaultKernels, cellTimeout, json },
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
			lskel: {
				value: "<object=header>",
				help: "light skeleton signed by bpftool, as that object's loader for its contract",
				many: true,
				parse: objectAndHeader,
			},
			out: { value: "<archive>", help: "signed archive to write, when the package is an archive" },
		},
	},
	verify: {
		summary: "verify the signatures of a package, and that they cover all of its files (no VM)",
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
	"watch-hooks": {
		summary: "report changes of BPF hooks, programs, links, maps and pins on this machine",
		options: {
			json: { help: "print JSON, one object per line" },
			map: {
				value: "<id>",
				help: "map whose elements are watched",
				many: true,
				parse: wholeNumber(1, 0xffff_ffff),
			},
			pins: { value: "<folder>", help: "folder of pins", many: true, defaultText: "/sys/fs/bpf" },
			baseline: { value: "<file>", help: "compare with this baseline first" },
			writeBaseline: { value: "<file>", help: "write the present state as a baseline" },
			without: {
				value: "<signal>",
				help: "do without a signal: rtnetlink, bpf, inotify, mountinfo or poll",
				many: true,
			},
			poll: {
				value: "<ms>",
				help: "interval of full comparisons",
				parse: wholeNumber(1, 3_600_000),
				default: 1000,
			},
			once: { help: "print the present state, or the differences from the baseline, and end" },
		},
		notes: "Needs root. Exit status 1 with --once and --baseline: something differs.",
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

function objectAndHeader(text: string): { object: string; file: string } {
	const [object, ...file] = text.split("=");
	if (!object || file.join("=") === "")
		throw new InvalidArgumentError("It must be an object of the package, `=`, and the header's file.");
	return { object, file: file.join("=") };
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
