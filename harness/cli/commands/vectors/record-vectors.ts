// SPDX-License-Identifier: Apache-2.0

import { readFile, stat } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { InputError } from "../../../base/errors.js";
import { printable } from "../../../base/printable.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { equalBytes } from "../../../data/packet/bytes.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import { isCapture } from "../../../data/vectors/captured.js";
import { suiteOf } from "../../../data/vectors/suite.js";
import type { Action } from "../../terminal/command-table.js";
import { counted } from "../../terminal/table.js";
import { mediumOf } from "../../terminal/terminal.js";
import { writeWhole } from "../../terminal/write.js";
import { assertSuite } from "./check-vectors.js";
import { type Proposal, propose } from "./proposal.js";
import { newestDefault, withKernel } from "./reference-kernel.js";
import { unifiedDiff } from "./unified-diff.js";

/** What the command says and asks. */
export interface Dialogue {
	say(line: string): void;
	show(diff: string): void;
	colour: boolean;
	/** Absent where there is no terminal. */
	ask?(question: string): Promise<boolean>;
}

/** `bpfgate vectors record`: sets `process.exitCode`. */
export const run: Action<"vectors record"> = async ([path], options, { signal }) => {
	const pkg = await openPackage(String(path));
	await assertRecordable(pkg);
	const named = options.kernel ?? options.kernels;
	const [kernel = "", ...more] = named ?? [await newestDefault()];
	if (more.length > 0)
		throw new InputError("--kernel", "", `names ${more.length + 1} kernels; record on one`);
	const dialogue = terminalDialogue();
	const bounds = { signal: signal(), cellTimeout: options.cellTimeout };
	const proposal = await withKernel(kernel, pkg, bounds, async ({ release }, fresh) => {
		dialogue.say(
			`recording ${pkg.name} on ${kernel} (${release})${named ? "" : ", the newest default kernel"}`,
		);
		const { update = false, vector } = options;
		return await propose(pkg, { update, ...(vector === undefined ? {} : { vector }) }, fresh);
	});
	process.exitCode = await conclude(pkg, proposal, options, dialogue);
	assertSuite(pkg);
};

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

/** @throws InputError for a package without (valid) vector files, or an archive */
async function assertRecordable(pkg: Package): Promise<void> {
	if (!(await stat(pkg.path)).isDirectory())
		throw new InputError(pkg.path, "", "is not a folder; vectors are recorded in the folder of a package");
	if (pkg.vectors.every(isCapture))
		throw new InputError(pkg.path, "", "has no vector files; `vectors` of bpfgate.json names them");
	if (suiteOf(pkg).vectors.length === 0) assertSuite(pkg);
}

/** Shows what would be written, asks, and writes it. @returns the exit status */
export async function conclude(
	pkg: Package,
	proposal: Proposal,
	{ dryRun = false, yes = false }: { dryRun?: boolean; yes?: boolean },
	{ say, show, colour, ask }: Dialogue,
): Promise<number> {
	const { files, left, unstable, unproven } = proposal;
	for (const { file, before, after } of files) show(unifiedDiff(file.display, before, after, colour));
	for (const each of left) say(`left alone: ${each.case}: ${each.reason}`);
	for (const { case: name, facts } of unstable) {
		say(`not recorded: ${name}: two runs differ in ${facts.join(", ")}`);
		say(`  add to the vector: volatile: [${facts.map((fact) => JSON.stringify(fact)).join(", ")}]`);
	}
	const missed = left.some(({ outcome }) => outcome !== "skip") ? 1 : 0;
	if (files.length === 0) {
		say(
			`nothing to write: every vector of ${pkg.name} that could run ${missed ? "has an expectation" : "has an expectation that holds"}`,
		);
		return missed;
	}
	if (unproven.length > 0) {
		for (const { case: name, reason } of unproven.slice(0, 20)) say(`still fails: ${name}: ${reason}`);
		throw undecided("recording-not-reproduced", { vectors: unproven.length });
	}
	const count = files.reduce((sum, { vectors }) => sum + vectors, 0);
	const what = `${counted(count, "vector")} in ${counted(files.length, "file")}`;
	if (dryRun) {
		say(`dry run: ${what} would be written`);
		return 1;
	}
	if (!yes && !ask) {
		say(`${what} not written: no terminal to confirm at; add --yes to write`);
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
	throw undecided("changed-meanwhile", { file: display });
}
