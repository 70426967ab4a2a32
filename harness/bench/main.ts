// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from "node:fs/promises";
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
import { vectorFigures } from "./vectors.js";

const small = "programs/xdp-filter";
const out = "reports/out";

/** `npm run bench`: prints every figure as it is taken and writes all to reports/out/bench.json. */
const figures: Figure[] = [];
const take = (...taken: Figure[]) => {
	for (const figure of taken) {
		const { name, value, unit, against, ratio } = figure;
		const versus = against === "" ? "" : `   ${ratio} times ${against}`;
		process.stdout.write(`${name.padEnd(22)} ${String(value).padStart(8)} ${unit}${versus}\n`);
	}
	figures.push(...taken);
};

try {
	await bpftoolPath();
} catch (error) {
	if (!(error instanceof UndecidedError)) throw error;
	process.stderr.write(`bench: ${error.message}\n${error.hint}\n`);
	process.exit(3);
}
const machines = new Machines({ agent: agentPath });
const { default: ids } = await readCatalog();
const pkg = await openPackage(small);
const jobs = availableParallelism();

take(...(await hostFigures(small)));
take(await signingFigure(small));
for (const id of ["5.10", "6.12", "7.3"]) take(...(await guestFigures(machines, await openKernel(id))));
for (const id of ["5.10", "6.12", "7.3"]) take(...(await vectorFigures(machines, await openKernel(id))));
take(await commandFigure("programs/cgroup-connect-guard", ids));
take(await commandFigure(small, ids));
take(await throughputFigure(pkg, await openKernel("6.12"), jobs));

await mkdir(out, { recursive: true });
await writeFile(`${out}/bench.json`, `${JSON.stringify(figures, null, "\t")}\n`);
process.stdout.write(`written to ${out}/bench.json\n`);
