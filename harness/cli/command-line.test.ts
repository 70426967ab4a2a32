// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { outputs } from "../report/outputs.js";
import { wrap } from "../report/pretty.js";
import { namesOf } from "./commands/test.js";
import { engine } from "./engine.js";
import { commandTable } from "./terminal/command-table.js";
import { type CommandSpec, flagOf, type KnownNames, type OptionSpec } from "./terminal/option.js";

const page = new URL("../../docs/command-line.md", import.meta.url).pathname;

const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``;
/** Placeholders are code, or Markdown takes them for HTML. */
const prose = (text: string) =>
	text
		.replaceAll(/(--[a-z-]+(?: (?:[a-z]+=)?<[a-z]+>(?:=-)?)?|(?<!`)<[a-z]+>)/g, "`$1`")
		.replaceAll("|", "\\|");

function row(name: string, spec: OptionSpec, known: KnownNames): string {
	const { value, help, many, required, defaultText, default: preset } = spec;
	const choices = typeof spec.choices === "string" ? known[spec.choices] : spec.choices;
	const shown =
		defaultText ?? (typeof preset === "string" || typeof preset === "number" ? String(preset) : "");
	const notes = [
		many ? "repeatable" : "",
		required ? "required" : "",
		choices ? `one of ${choices.join(", ")}` : "",
		shown === "" ? "" : `default: ${shown}`,
	].filter((note) => note !== "");
	const flag = code(value === undefined ? flagOf(name) : `${flagOf(name)} ${value}`);
	return `| ${flag} | ${[prose(help), ...notes].join("; ")} |`;
}

function section([name, spec]: [string, CommandSpec]): string {
	const named = spec.arguments ?? [];
	const options = Object.entries(spec.options).map(([option, each]) => row(option, each, namesOf(engine)));
	return [
		`## bpfgate ${name}`,
		"",
		`${spec.summary[0]?.toUpperCase()}${spec.summary.slice(1)}.`,
		"",
		...(named.length + options.length > 0 ? ["| argument or option | meaning |", "| --- | --- |"] : []),
		...named.map(([argument, help]) => `| ${code(argument)} | ${prose(help)} |`),
		...options,
		...(spec.notes === undefined ? [] : ["", ...wrap(spec.notes, 100)]),
		"",
	].join("\n");
}

it("has a page that shows every command and option of the table", async () => {
	const text = [
		"# Command line",
		"",
		"Every command and option, as `bpfgate <command> --help` prints them. A test writes this page from",
		"the table in `harness/cli/terminal/command-table.ts`.",
		"",
		...Object.entries(commandTable).map(section),
		"## Outputs",
		"",
		"`--output <name>=<path>` of `bpfgate test` writes one of these; a text can go to `-`, standard",
		"output.",
		"",
		"| name | kind |",
		"| --- | --- |",
		...outputs.map(({ name, kind }) => `| ${code(name)} | ${kind} |`),
		"",
	].join("\n");
	await expect(text).toMatchFileSnapshot(page);
});
