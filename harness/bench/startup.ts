// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { type Figure, inTurn, median, rounded } from "./figure.js";

const turns = 10;
const main = fileURLToPath(new URL("../bin/bpfgate.js", import.meta.url));
/** Prints the processor time of the process, in microseconds, as the last line of stderr. */
const report = `data:text/javascript,${encodeURIComponent(
	'process.on("exit", () => { const { user, system } = process.cpuUsage(); process.stderr.write("\\n" + (user + system)); })',
)}`;

/** Processor time of commands that boot nothing, in turn with Node on an empty program. */
export async function startupFigures(object: string): Promise<Figure[]> {
	const figures: Figure[] = [];
	for (const [name, ...args] of [
		["version", "--version"],
		["help", "--help"],
		["inspect", "inspect", object],
	] as const) {
		const { a: ours, b: empty } = await inTurn(
			turns,
			() => processorTime(main, ...args),
			() => processorTime("--eval", "0"),
		);
		figures.push({
			name: `startup/${name}`,
			value: rounded(median(ours)),
			unit: "s",
			against: "node --eval 0",
			ratio: rounded(median(empty) / median(ours)),
			how: `median of ${turns} processes \`bpfgate ${args.join(" ")}\`, in turn with the other side; user and system time as process.cpuUsage() gives it at exit`,
		});
	}
	return figures;
}

/** Seconds. */
async function processorTime(...args: string[]): Promise<number> {
	const { stderr } = await execa(process.execPath, ["--import", report, ...args]);
	return Number(stderr.split("\n").at(-1)) / 1_000_000;
}
