// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { InputError, UndecidedError } from "../../../base/errors.js";
import { printable } from "../../../base/printable.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { equalBytes } from "../../../data/packet/bytes.js";
import { isCapture } from "../../../data/vectors/captured.js";
import { mediumOf } from "../../terminal/terminal.js";
import { writeWhole } from "../../terminal/write.js";
import { assertSuite } from "./check-vectors.js";
import { type Proposal, propose } from "./proposal.js";
import { newestDefault, withKernel } from "./reference-kernel.js";
import { unifiedDiff } from "./unified-diff.js";

interface RecordOptions {
	kernel?: string;
	update?: boolean;
	dryRun?: boolean;
	yes?: boolean;
	vector?: string;
}

/** What the command says and asks. */
export interface Dialogue {
	say(line: string): void;
	show(diff: string): void;
	colour: boolean;
	/** Undefined where nobody can be asked. */
	ask?(question: string): Promise<boolean>;
}

/** `bpfgate vectors record`: sets `process.exitCode`. */
export function recordCommand(signal: () => AbortSignal): Command {
	return new Command("record")
		.description("write what vectors do on a kernel into them as what is expected")
		.argument("<package>", "folder with a bpfgate.json")
		.option("--kernel <id>", "kernel to record on (default: the newest of those tested on by default)")
		.option("--update", "also rewrite what is expected and does not hold")
		.option("--vector <pattern>", "cases to record; `*` stands for any run of characters")
		.option("--dry-run", "write nothing; exit status 1 when there is something to write")
		.option("--yes", "write without asking")
		.action(async (path: string, options: RecordOptions) => {
			const pkg = await openPackage(path);
			await assertRecordable(pkg);
			const kernel = options.kernel ?? (await newestDefault());
			const dialogue = terminalDialogue();
			const proposal = await withKernel(kernel, pkg, signal(), async ({ release }, fresh) => {
				const why = options.kernel === undefined ? ", the newest kernel that is tested on by default" : "";
				dialogue.say(`recording ${pkg.name} on ${kernel} (${release})${why}`);
				return await propose(pkg, { ...options, update: options.update ?? false }, fresh);
			});
			process.exitCode = await conclude(pkg, proposal, options, dialogue);
			assertSuite(pkg);
		});
}

function terminalDialogue(): Dialogue {
	const { stdin, stdout } = process;
	return {
		say: (line) => stdout.write(`${printable(line)}\n`),
		show: (diff) => stdout.write(diff),
		colour: mediumOf(stdout, process.env).colour,
		...(stdin.isTTY && stdout.isTTY
			? {
					ask: async (question) => {
						const lines = createInterface({ input: stdin, output: stdout });
						try {
							return /^y(es)?$/i.test((await lines.question(question)).trim());
						} finally {
							lines.close();
						}
					},
				}
			: {}),
	};
}

/** @throws InputError for a package that has no vector files, or none that could be written */
async function assertRecordable(pkg: Package): Promise<void> {
	if (!(await stat(pkg.path)).isDirectory())
		throw new InputError(pkg.path, "", "is no folder; vectors are recorded in the folder of a package");
	if (pkg.vectors.every(isCapture))
		throw new InputError(pkg.path, "", "has no vector files; `vectors` of bpfgate.json names them");
}

/**
 * Shows what would be written, asks, and writes it.
 *
 * @returns the exit status
 */
export async function conclude(
	pkg: Package,
	proposal: Proposal,
	{ dryRun, yes }: Pick<RecordOptions, "dryRun" | "yes">,
	{ say, show, colour, ask }: Dialogue,
): Promise<number> {
	const { files, left, unstable, unproven } = proposal;
	for (const { file, before, after } of files) show(unifiedDiff(file.display, before, after, colour));
	for (const each of left) say(`left alone: ${each.case}: ${each.reason}`);
	for (const { case: name, facts } of unstable) {
		say(`not recorded of ${name}, because two runs differ: ${facts.join(", ")}`);
		say(`  add to the vector: volatile: [${facts.map((fact) => JSON.stringify(fact)).join(", ")}]`);
	}
	const missed = left.some(({ outcome }) => outcome !== "skip") ? 1 : 0;
	if (files.length === 0) {
		say(
			`nothing to write: ${pkg.name} has an expectation for all that could be run${missed ? "" : ", and none is to change"}`,
		);
		return missed;
	}
	if (unproven.length > 0) {
		for (const { case: name, reason } of unproven.slice(0, 20))
			say(`still does not pass: ${name}: ${reason}`);
		const what = unproven.length === 1 ? "1 vector does" : `${unproven.length} vectors do`;
		throw new UndecidedError(
			"recording-not-reproduced",
			`nothing was written: ${what} not pass with what was recorded`,
			"put what is random or a time under `volatile`, or leave the vector out with --vector",
		);
	}
	const count = files.reduce((sum, { vectors }) => sum + vectors, 0);
	const what = `${count} vector${count === 1 ? "" : "s"} in ${files.length} file${files.length === 1 ? "" : "s"}`;
	if (dryRun) {
		say(`${what} would be written; nothing was`);
		return 1;
	}
	if (!yes && !ask) {
		say(`${what} would be written; nothing was, because nobody can be asked: add --yes to write`);
		return 1;
	}
	if (!yes && !(await ask?.(`write ${what}? [y/N] `))) {
		say("nothing was written");
		return 1;
	}
	for (const { file } of files) await assertUnchanged(file);
	for (const { file, after } of files) await writeWhole(file.display, after);
	say(`${what} written; all of them pass`);
	return missed;
}

/** @throws UndecidedError when the file is no longer what was read */
async function assertUnchanged({ display, bytes }: Package["vectors"][number]): Promise<void> {
	const now = await readFile(display).catch(() => undefined);
	if (now && equalBytes(new Uint8Array(now), bytes)) return;
	throw new UndecidedError(
		"changed-meanwhile",
		`nothing was written: ${display} was changed while its vectors ran`,
		"record again",
	);
}
