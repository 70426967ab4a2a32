// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { share } from "./campaign.js";
import type { Tally } from "./run.js";
import type { FuzzTarget } from "./target.js";

const usage = `usage: npm run fuzz -- [--runs N] [--seed N] [--out FOLDER] [PARSER...]

Gives every parser of the host changed inputs: N each (100000 unless given). The same seed gives
the same inputs. Inputs that show a fault go to FOLDER (reports/out/fuzz); exit status 1 then.`;

/** Inputs of one thread: the figures are shown after each. */
const sharedRuns = 10_000;

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		runs: { type: "string", default: "100000" },
		seed: { type: "string", default: String(Date.now() % 1_000_000) },
		out: { type: "string", default: "reports/out/fuzz" },
		module: { type: "string", default: new URL("./targets.js", import.meta.url).href },
		help: { type: "boolean", default: false },
	},
});
const number = (name: "runs" | "seed") => {
	const value = Number(values[name]);
	if (Number.isSafeInteger(value) && value >= 0) return value;
	console.error(`fuzz: --${name} ${values[name]}: is not a whole number`);
	process.exit(2);
};
if (values.help) {
	console.log(usage);
	process.exit(0);
}
const runs = number("runs");
const firstSeed = number("seed");
const { targets } = (await import(values.module)) as { targets: readonly FuzzTarget[] };
const unknown = positionals.find((name) => !targets.some((target) => target.name === name));
if (unknown !== undefined) {
	console.error(`fuzz: ${unknown}: is not one of ${targets.map(({ name }) => name).join(", ")}`);
	process.exit(2);
}

const row = (...cells: (string | number)[]) =>
	console.log(
		cells.map((cell, index) => (index === 0 ? String(cell).padEnd(16) : String(cell).padStart(10))).join(" "),
	);
row("parser", "inputs", "accepted", "refused", "most ms", "faults");
let faults = 0;
for (const { name } of targets) {
	if (positionals.length > 0 && !positionals.includes(name)) continue;
	const total: Tally = { inputs: 0, accepted: 0, refused: 0, milliseconds: 0 };
	for (let seed = firstSeed; total.inputs < runs && !total.fault; seed++) {
		const one = await share({
			module: values.module,
			name,
			seed,
			runs: Math.min(sharedRuns, runs - total.inputs),
		});
		total.inputs += one.inputs;
		total.accepted += one.accepted;
		total.refused += one.refused;
		total.milliseconds = Math.max(total.milliseconds, one.milliseconds);
		if (one.fault) total.fault = one.fault;
	}
	const { inputs, accepted, refused, milliseconds, fault } = total;
	row(name, inputs, accepted, refused, Math.ceil(milliseconds), fault ? 1 : 0);
	if (!fault) continue;
	faults++;
	const digest = createHash("sha256").update(fault.input).digest("hex").slice(0, 12);
	const path = join(values.out, `${name}-${digest}`);
	mkdirSync(values.out, { recursive: true });
	writeFileSync(path, fault.input);
	console.log(`  ${fault.message.split("\n")[0]}\n  ${path}`);
}
console.log(`seed ${firstSeed}, ${faults} faults`);
process.exitCode = faults > 0 ? 1 : 0;
