// SPDX-License-Identifier: Apache-2.0
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { type Figure, inTurn, median, milliseconds, rounded } from "./figure.js";

const turns = 5;
const main = fileURLToPath(new URL("../bin/bpfgate.js", import.meta.url));

/** The whole command, templates warm, beside itself booting each guest from cold. */
export async function commandFigure(path: string, kernels: string[]): Promise<Figure> {
	const test = (...more: string[]) =>
		milliseconds(() => execa("node", [main, "test", path, "--kernels", kernels.join(","), ...more]));
	await test();
	const { a: warm, b: cold } = await inTurn(turns, test, () => test("--cold"));
	return {
		name: `test/${basename(path)}/${kernels.length}`,
		value: rounded(median(warm) / 1000),
		unit: "s",
		against: "the same with --cold",
		ratio: rounded(median(cold) / median(warm)),
		how: `median of ${turns} whole processes \`bpfgate test ${path} --kernels ${kernels.join(",")}\`, in turn with the other side, default jobs, every check that the package has cases for`,
	};
}
