// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa, execaSync } from "execa";
import { expect } from "vitest";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(checkout, "harness/cli/sessions");

/** A command of a session, its expected output and exit status. */
export interface Step {
	line: number;
	command: string;
	/** `…` stands for any run of characters, alone on its line for any number of lines. */
	output: string[];
	status: number;
}

/** Names of the sessions that boot guests, or of the others. */
export function sessionNames(booting: boolean): string[] {
	return readdirSync(folder).filter((name) => name.endsWith(".txt") && name.endsWith(".vm.txt") === booting);
}

/** `$ command`, its lines, `exit N` unless 0; `#` between steps begins a comment. */
export function parseSession(text: string): Step[] {
	const steps: Step[] = [];
	for (const [index, line] of text.split("\n").entries()) {
		const step = steps.at(-1);
		const status = /^exit (\d+)$/.exec(line)?.[1];
		if (line.startsWith("$ ")) steps.push({ line: index + 1, command: line.slice(2), output: [], status: 0 });
		else if (line.startsWith("# ")) continue;
		else if (step && status !== undefined) step.status = Number(status);
		else if (step) step.output.push(line);
	}
	for (const { output } of steps) while (output.at(-1) === "") output.pop();
	return steps;
}

/** Milliseconds. A session starts Node for each command: seconds on a busy machine. */
export const sessionTimeout = 1_200_000;

/** Compiles harness/ to dist/; quick when nothing changed. */
export function compile(): void {
	execaSync("npm", ["run", "--silent", "build"], { cwd: checkout });
}

/** Runs a session in an empty folder, step by step; with an empty cache if nothing boots. */
export async function replay(name: string): Promise<void> {
	const scratch = mkdtempSync(join(tmpdir(), "bpfgate-session-"));
	try {
		const bin = join(scratch, "bin");
		const home = join(scratch, "home");
		for (const path of [bin, home]) mkdirSync(path);
		symlinkSync(join(checkout, "dist/bin/bpfgate.js"), join(bin, "bpfgate"));
		const cache = name.endsWith(".vm.txt") ? {} : { BPFGATE_CACHE: join(scratch, "cache") };
		const env = {
			PATH: `${bin}:${process.env.PATH}`,
			LC_ALL: "C.UTF-8",
			PROGRAMS: join(checkout, "programs"),
		};
		for (const step of parseSession(readFileSync(join(folder, name), "utf8"))) {
			// One pipe for stdout and stderr, as on a terminal, keeps the order of lines.
			const { stdout, exitCode } = await execa("bash", ["-c", `exec 2>&1\n${step.command}`], {
				cwd: home,
				env: { ...cache, ...env },
				reject: false,
				stdin: "ignore",
			});
			const output = stdout.replaceAll(scratch, "…");
			const place = `${name}:${step.line}: $ ${step.command}`;
			expect({ place, status: exitCode, output }).toEqual({
				place,
				status: step.status,
				output: expect.toSatisfy((text: string) => matches(step.output, text), step.output.join("\n")),
			});
		}
	} finally {
		rmSync(scratch, { recursive: true });
	}
}

export function matches(wanted: string[], output: string): boolean {
	const pattern = wanted.map((line) =>
		line === "…"
			? "(?:.*\\n)*?"
			: `${line
					.split("…")
					.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
					.join(".*")}\\n`,
	);
	return new RegExp(`^${pattern.join("")}$`).test(output === "" ? "" : `${output.trimEnd()}\n`);
}
