// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { openPackage } from "../../data/package/package.js";
import { summaryOf } from "./inspect-summary.js";
import { summaryText } from "./inspect-text.js";

/**
 * `bpfgate inspect <package|object>`: what it contains and needs, read from the files alone; boots
 * nothing.
 */
export function inspectCommand(
	write: (text: string) => void = (text) => process.stdout.write(text),
): Command {
	return new Command("inspect")
		.description("what a package contains and needs; boots nothing")
		.argument("<package|object>", "folder with bpfgate.json, archive of one, or ELF object")
		.option("--json", "print JSON")
		.action(async (path: string, options: { json?: boolean }) => {
			const summary = summaryOf(await openPackage(path));
			write(options.json ? `${JSON.stringify(summary, null, "\t")}\n` : summaryText(summary));
		});
}
