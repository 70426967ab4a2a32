#!/usr/bin/env node
import { availableParallelism } from "node:os";
import { chooseKernels } from "../machine/kernel/choose-kernels.js";
// SPDX-License-Identifier: Apache-2.0
import { tallyLine } from "../report/cells.js";
import { defineReporter } from "../report/output.js";
import { matrix, wrap } from "../report/pretty.js";
import { tellingFailures } from "../report/telling.js";
import { type Asking, qualifyKernels } from "../run/qualify-kernels.js";
import { testExamples } from "./commands/examples/packages.js";
import { engine } from "./engine.js";
import { enter } from "./terminal/enter.js";

/** Packages that show every check, as something good and something bad. */
const packages = [
	"xdp-filter", // load, vectors
	"bad-unbounded-loop",
	"signed-filter", // signature
	"bad-signed-tampered", // and vectors
	"chain-tcx", // chain
	"bad-chain-tc-swapped-priorities",
	"token-xdp", // token
	"bad-token-xdp-too-narrow",
];
const sentences = 5;

/** `npm start`: a tour of some of programs/ on the default kernels. */
const tour = defineReporter({
	name: "tour",
	kind: "text",
	render(results, { medium }) {
		const sign = medium.unicode ? "✗" : "x";
		const found = tellingFailures(results, sentences).flatMap((text) =>
			wrap(text, medium.width - 2).map((line, index) => `${index === 0 ? sign : " "} ${line}`),
		);
		return `${[matrix(results, medium), ...found, "", tallyLine(results)].join("\n")}\n`;
	},
});

/** The first time, this takes longer than the tour; what kernels answer is kept for good. */
async function qualifyNew(signal: AbortSignal): Promise<void> {
	const asked = new Set<string>();
	const onAsk = ({ kernel }: Asking) => {
		if (asked.has(kernel)) return;
		asked.add(kernel);
		process.stderr.write(`${kernel}: asking the kernel what it promises; its answers are kept\n`);
	};
	const kernels = await chooseKernels(["default"]);
	await qualifyKernels(kernels, { jobs: availableParallelism(), signal, onAsk });
}

await enter(async (interruption) => {
	const write = (text: string) => void process.stdout.write(text);
	await qualifyNew(interruption.signal);
	return testExamples(
		engine,
		{ write, signal: () => interruption.signal },
		{ printed: tour, names: packages },
	);
});
