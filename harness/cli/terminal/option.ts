// SPDX-License-Identifier: Apache-2.0
import { InvalidArgumentError, Option } from "commander";
import { dialects } from "../../data/package/elf/dialect.js";

/** One option of a command: everything that help, parsing and docs/command-line.md say about it. */
export interface OptionSpec<T = unknown> {
	/** Placeholder of its value, such as `<file>`; absent for a flag. */
	value?: string;
	help: string;
	/** The option can be repeated; its values are collected. */
	many?: boolean;
	required?: boolean;
	/** Turns the text into the value. @throws InvalidArgumentError */
	parse?: (text: string) => T;
	default?: T;
	/** The default in words, where its value says too little or is only known later. */
	defaultText?: string;
	/**
	 * Allowed values; with a name, a list that is known only once the command is chosen. `printed`
	 * also takes `name=path`.
	 */
	choices?: readonly string[] | "checks" | "printed";
	/** Names of options that exclude this one. */
	conflicts?: readonly string[];
}

/** Options by name in camel case: `saveFinds` is `--save-finds`. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Names that the modules of checks and outputs define. */
export interface KnownNames {
	checks: readonly string[];
	/** One line for each check: what it asks. */
	summaries: readonly string[];
	/** Outputs that can be printed. */
	printed: readonly string[];
}

type One<S> = S extends { parse: (text: string) => infer T }
	? T
	: S extends { value: string }
		? string
		: true;
type Value<S> = S extends { many: true } ? One<S>[] : One<S>;
type AlwaysSet<S> = {
	[K in keyof S]: S[K] extends { default: unknown } | { required: true } ? K : never;
}[keyof S];

/** What an action receives for its options. */
export type OptionValues<S> = { [K in AlwaysSet<S>]: Value<S[K]> } & {
	[K in Exclude<keyof S, AlwaysSet<S>>]?: Value<S[K]>;
};

/** `--save-finds` for `saveFinds`. */
export function flagOf(name: string): string {
	return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** @param known absent where nothing is parsed, as for help of another command */
export function commanderOption(name: string, spec: OptionSpec, known?: KnownNames): Option {
	const { value, many = false, parse = String, conflicts = [] } = spec;
	const flags = value === undefined ? flagOf(name) : `${flagOf(name)} ${value}`;
	const option = new Option(flags, helpOf(spec));
	const choices = typeof spec.choices === "string" ? known?.[spec.choices] : spec.choices;
	const one = (text: string) => {
		const written = spec.choices === "printed" && text.includes("=");
		if (choices && !written && !choices.includes(text))
			throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
		return parse(text);
	};
	if (value !== undefined)
		option.argParser((text: string, earlier: unknown) =>
			many ? [...(Array.isArray(earlier) ? earlier : []), one(text)] : one(text),
		);
	if (spec.default !== undefined) option.default(spec.default, spec.defaultText);
	option.conflicts([...conflicts]);
	// Shown by commander behind the text; checked above, also for each of several values.
	if (choices) option.argChoices = [...choices];
	return option;
}

/** The text of `--help`, without the choices and the default that commander adds. */
function helpOf({ help, many, defaultText, default: value }: OptionSpec): string {
	const repeatable = many ? "; repeatable" : "";
	return `${help}${repeatable}${value === undefined && defaultText !== undefined ? ` (default: ${defaultText})` : ""}`;
}

/** A parser for whole numbers. */
export function wholeNumber(from: number, to: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < from || value > to)
			throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
		return value;
	};
}

/** A parser for lists such as `6.1,6.12`. */
export function commaList(text: string): string[] {
	return text.split(",").map((part) => part.trim());
}

/** One command; help, `commander` and docs/command-line.md follow from it. */
export interface CommandSpec {
	summary: string;
	arguments?: readonly [name: string, help: string][];
	options: OptionSpecs;
	/** A paragraph below the options. */
	notes?: string;
}

export const json = { help: "print JSON" } as const satisfies OptionSpec;

/** Of packages whose manifest names no loader, and of bare objects. */
export const dialect = {
	value: "<loader>",
	help: "the loader whose section names, maps and defaults apply where the manifest names none",
	choices: dialects,
	defaultText: "libbpf",
} as const satisfies OptionSpec;

export const packageArgument = "folder with a bpfgate.json, an archive of one, or an ELF object";

/** Which kernels: the same two options for every command that boots some. */
const kernelChoice = {
	kernel: { value: "<id>", help: "a kernel", many: true, conflicts: ["kernels"] },
	kernels: {
		value: "<list>",
		help: "`default`, `all`, or ids separated by commas",
		parse: commaList,
	},
} as const satisfies OptionSpecs;

export const defaultKernels = {
	...kernelChoice,
	kernels: { ...kernelChoice.kernels, defaultText: "default" },
} as const satisfies OptionSpecs;

export const cellTimeout = {
	value: "<seconds>",
	help: "most time for one package on one kernel",
	parse: wholeNumber(1, 86_400),
	defaultText: "from its programs and cases",
} as const satisfies OptionSpec;

export const newestKernel = {
	...kernelChoice,
	kernel: { ...kernelChoice.kernel, defaultText: "the newest default kernel" },
} as const satisfies OptionSpecs;

export const passphrase = (help: string) =>
	({ value: "<source>", help: `${help}: env:NAME, file:PATH or prompt` }) as const;
