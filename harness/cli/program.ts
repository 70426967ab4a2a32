// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { Command } from "commander";
import {
	type Action,
	type Arguments,
	type CommandName,
	type Context,
	commandGroups,
	commandTable,
} from "./terminal/command-table.js";
import { type CommandSpec, commanderOption, flagOf, type KnownNames } from "./terminal/option.js";

/** Loads a command's module when the command is used. */
export type Actions = { [N in CommandName]: () => Promise<{ run: Action<N> }> };

const exitHelp = `
Exit status:
  0    every required case passed
  1    a case failed
  2    the invocation or an input is invalid
  3    not decided: an error and no failure, or nothing was tested
  130  interrupted`;

/**
 * The command line. Errors of use are thrown as CommanderError after one line on stderr.
 * @param known names for options of `test`; not needed for other commands
 */
export function createProgram(actions: Partial<Actions>, context: Context, known?: KnownNames): Command {
	const program = new Command("bpfgate")
		.description("Proves an eBPF package on real kernels before it reaches one.")
		.version(version(), "--version")
		.addHelpText("after", exitHelp)
		.exitOverride()
		.configureOutput({ outputError: (text, write) => write(`bpfgate: ${text.replace(/^error: /, "")}`) });
	const groups = new Map<string, Command>();
	for (const [path, spec] of Object.entries(commandTable) as [CommandName, CommandSpec][]) {
		const [group, name] = path.includes(" ") ? (path.split(" ") as [string, string]) : [undefined, path];
		let parent = program;
		if (group !== undefined) {
			parent = groups.get(group) ?? program.command(group).description(commandGroups[group] ?? "");
			groups.set(group, parent);
		}
		const command = define(parent.command(name), spec, known).action(async (...all: unknown[]) => {
			// Commander hands over the arguments, then the options, then the command.
			const values = all.slice(0, -2) as Arguments;
			assertRequired(command, spec);
			const load = actions[path];
			if (!load) throw new Error(`${path} has no action`);
			const { run } = (await load()) as { run: (...given: unknown[]) => Promise<void> };
			await run(values, all.at(-2), context);
		});
	}
	return program;
}

function define(
	command: Command,
	{ summary, arguments: named = [], options, notes }: CommandSpec,
	known?: KnownNames,
) {
	command.description(summary);
	for (const [name, help] of named) command.argument(name, help);
	for (const [name, spec] of Object.entries(options)) command.addOption(commanderOption(name, spec, known));
	if (notes !== undefined) command.addHelpText("after", `\n${notes}`);
	const listsChecks = Object.values(options).some(({ choices }) => choices === "checks");
	if (known && listsChecks) command.addHelpText("after", `\nChecks:\n${known.summaries.join("\n")}`);
	return command;
}

/** Commander asks for these before it finds a misspelt one, and would say the wrong thing. */
function assertRequired(command: Command, { options }: CommandSpec): void {
	for (const [name, { required, value }] of Object.entries(options))
		if (required && command.getOptionValue(name) === undefined)
			command.error(`error: required option '${flagOf(name)} ${value}' not specified`);
}

function version(): string {
	const path = new URL("../../package.json", import.meta.url);
	const manifest: { version: string } = JSON.parse(readFileSync(path, "utf8"));
	return manifest.version;
}
