// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { Command } from "commander";

/**
 * The command line with its commands; errors of use are thrown as CommanderError after one line on
 * stderr.
 */
export function createProgram(commands: Command[]): Command {
	const program = new Command("bpfgate")
		.description("Proves an eBPF package on real kernels before it reaches one.")
		.version(version(), "--version")
		.addHelpText("after", exitHelp)
		.exitOverride()
		.configureOutput({ outputError: (text, write) => write(`bpfgate: ${text.replace(/^error: /, "")}`) });
	for (const command of commands) {
		inherit(command, program);
		program.addCommand(command);
	}
	return program;
}

const exitHelp = `
Exit status:
  0    every required case passed
  1    a case failed
  2    the invocation or an input is invalid
  3    bpfgate could not find out
  130  interrupted`;

/** `addCommand` leaves a command and those below it with settings of their own. */
function inherit(command: Command, parent: Command): void {
	command.copyInheritedSettings(parent);
	for (const child of command.commands) inherit(child, command);
}

function version(): string {
	const path = new URL("../../package.json", import.meta.url);
	const manifest: { version: string } = JSON.parse(readFileSync(path, "utf8"));
	return manifest.version;
}
