// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { UndecidedError } from "../base/errors.js";
import { openPackage } from "../data/package/package.js";
import { agentPath } from "../machine/guest/build.js";
import { readCatalog } from "../machine/kernel/catalog.js";
import { openKernel } from "../machine/kernel/store.js";
import { Machines } from "../machine/vm/machine.js";
import { bpftoolPath } from "./bpftool.js";
import { commandFigure } from "./command.js";
import type { Figure } from "./figure.js";
import { guestFigures } from "./guests.js";
import { hostFigures } from "./host.js";
import { throughputFigure } from "./packages.js";
import { signingFigure } from "./signing.js";
import { startupFigures } from "./startup.js";
import { traceFigures } from "./trace.js";
import { vectorFigures } from "./vectors.js";

/** The aim for a figure, and its value when the aim was set (November 2026). */
interface Aim {
	aim: number;
	before: number;
}

/** By name of the figure; both numbers in its unit, on 2 quiet cores without KVM. */
const aims: Readonly<Record<string, Aim>> = {
	"test/xdp-filter/1": { aim: 0.5, before: 0.95 },
	"test/xdp-filter/6": { aim: 1, before: 1.45 },
	"packages/6.12": { aim: 12, before: 7.1 },
	"startup/version": { aim: 0.15, before: 0.4 },
	"startup/help": { aim: 0.15, before: 0.4 },
	"startup/inspect": { aim: 0.15, before: 0.4 },
	"vectors/6.12": { aim: 50_000, before: 27_600 },
};

const small = "programs/xdp-filter";
const out = "reports/out";
const file = `${out}/bench.json`;

function print(figures: readonly Figure[]): void {
	for (const { name, value, unit, against, ratio, calls, cpu_ms } of figures) {
		const { aim, before } = aims[name] ?? {};
		const notes = [
			...(aim === undefined ? [] : [`aim ${aim}, was ${before}`]),
			...(against === "" ? [] : [`${ratio} times ${against}`]),
			...(cpu_ms ? [`${calls} calls, CPU: QEMU ${cpu_ms.qemu} ms, runner ${cpu_ms.runner} ms`] : []),
		];
		process.stdout.write(
			`${[`${name.padEnd(32)} ${String(value).padStart(8)} ${unit}`, ...notes].join("   ")}\n`,
		);
	}
}

async function* everyFigure(): AsyncGenerator<Figure[]> {
	await bpftoolPath();
	const machines = new Machines({ agent: agentPath });
	const { default: ids } = await readCatalog();
	const pkg = await openPackage(small);
	yield await startupFigures(`${small}/xdp-filter.bpf.o`);
	yield await hostFigures(small);
	yield [await signingFigure(small)];
	for (const id of ["5.10", "6.12", "7.3"]) yield await guestFigures(machines, await openKernel(id));
	for (const id of ["5.10", "6.12", "7.3"]) yield await vectorFigures(machines, await openKernel(id));
	yield [await commandFigure("programs/cgroup-connect-guard", ids)];
	for (const kernels of [["6.12"], ids]) yield [await commandFigure(small, kernels)];
	yield [await throughputFigure(pkg, await openKernel("6.12"), availableParallelism())];
}

async function* trace(): AsyncGenerator<Figure[]> {
	yield await traceFigures(await openPackage(small), await openKernel("6.12"));
}

/** Figures of earlier runs that this run does not measure. */
async function kept(taken: readonly Figure[]): Promise<Figure[]> {
	const text = await readFile(file, "utf8").catch(() => "[]");
	const before: Figure[] = JSON.parse(text);
	return before.filter(({ name }) => !taken.some((figure) => figure.name === name));
}

/** `npm run bench`: all figures; `-- --trace`: one cell's time; both to reports/out/bench.json. */
const [option, ...others] = process.argv.slice(2);
if (others.length > 0 || (option !== undefined && option !== "--trace")) {
	process.stderr.write("usage: npm run bench [-- --trace]\n");
	process.exit(2);
}
const figures: Figure[] = [];
try {
	for await (const taken of option === "--trace" ? trace() : everyFigure()) {
		print(taken);
		figures.push(...taken);
	}
} catch (error) {
	if (!(error instanceof UndecidedError)) throw error;
	process.stderr.write(`bench: ${error.message}\n${error.hint}\n`);
	process.exit(3);
}
await mkdir(out, { recursive: true });
await writeFile(file, `${JSON.stringify([...(await kept(figures)), ...figures], null, "\t")}\n`);
process.stdout.write(`written to ${file}\n`);
