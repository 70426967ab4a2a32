// SPDX-License-Identifier: Apache-2.0
// One run of many packages: memory and descriptors of the runner stay flat, the results have the
// order of the packages, and the report opens.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearInterval, setInterval } from "node:timers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Results } from "../base/results.js";
import { median } from "./figure.js";

const usage = `usage: npm run load -- [--packages N] [--kernels LIST] [--jobs N]

Makes N small packages (1000), one in ten of them refused by the verifier, and tests all in one run
on each kernel (5.10,7.3). Exit status 1 when memory or descriptors grow, the order changes, a
result is missing, or the report does not open.`;

const { values } = parseArgs({
	options: {
		packages: { type: "string", default: "1000" },
		kernels: { type: "string", default: "5.10,7.3" },
		jobs: { type: "string", default: "2" },
		help: { type: "boolean", default: false },
	},
});
const count = Number(values.packages);
if (values.help || !(Number.isSafeInteger(count) && count > 0)) {
	console.log(usage);
	process.exit(values.help ? 0 : 2);
}

const checkout = fileURLToPath(new URL("../../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "bpfgate-load-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const sound = join(checkout, "programs/signed-filter/udp-quota.bpf.o");
const refused = join(checkout, "programs/bad-out-of-bounds/out-of-bounds.bpf.o");
const names = Array.from({ length: count }, (_, index) => `load-${String(index).padStart(6, "0")}`);
for (const [index, name] of names.entries()) {
	const folder = join(scratch, name);
	mkdirSync(folder);
	copyFileSync(index % 10 === 9 ? refused : sound, join(folder, "p.bpf.o"));
	writeFileSync(join(folder, "bpfgate.json"), JSON.stringify({ name, version: "1", objects: ["p.bpf.o"] }));
}

interface Sample {
	seconds: number;
	mib: number;
	descriptors: number;
}
const samples: Sample[] = [];
const started = performance.now();
const args = ["--kernels", values.kernels, "--jobs", values.jobs, "--json", "out.json", "--report", "report"];
const runner = spawn(process.execPath, [join(checkout, "dist/bin/bpfgate.js"), "test", ...names, ...args], {
	cwd: scratch,
	stdio: ["ignore", "ignore", "inherit"],
});
const watch = setInterval(() => {
	try {
		const status = readFileSync(`/proc/${runner.pid}/status`, "utf8");
		samples.push({
			seconds: (performance.now() - started) / 1000,
			mib: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024,
			descriptors: readdirSync(`/proc/${runner.pid}/fd`).length,
		});
	} catch {
		// It has ended.
	}
}, 1000);
const [status] = await once(runner, "close");
clearInterval(watch);
const seconds = (performance.now() - started) / 1000;

const faults: string[] = [];
const expectThat = (holds: boolean, fault: string) => holds || faults.push(fault);
const quarter = (index: number) => {
	const size = Math.floor(samples.length / 4);
	return samples.slice(index * size, (index + 1) * size);
};
const typical = (index: number, of: keyof Sample) => median(quarter(index).map((sample) => sample[of]));

const json = readFileSync(join(scratch, "out.json"));
const results: Results = JSON.parse(json.toString());
const kernels = results.kernels.map(({ id }) => id);
const loads = results.results.filter((each) => each.check === "load" && each.case.startsWith("program/"));
const order = [...new Set(loads.map((each) => `${each.kernel} ${each.package}`))];
const wanted = kernels.flatMap((kernel) => names.map((name) => `${kernel} ${name}`));
expectThat(status === 1, `exit status ${status}, expected 1`);
expectThat(
	JSON.stringify(results.packages.map(({ name }) => name)) === JSON.stringify(names),
	"order of packages",
);
expectThat(JSON.stringify(order) === JSON.stringify(wanted), "order of results");
const outcomes = new Map<string, number>();
for (const { package: name, outcome } of loads) {
	const failing = names.indexOf(name) % 10 === 9;
	const key = outcome === (failing ? "fail" : "pass") ? outcome : `unexpected ${outcome}`;
	outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
}
expectThat(
	[...outcomes.keys()].every((key) => !key.startsWith("unexpected")),
	"an outcome",
);

const html = readFileSync(join(scratch, "report/report.html"), "utf8");
expectThat(html.trimEnd().endsWith("</html>"), "the report is cut");
expectThat(
	names.every((name) => html.includes(name)),
	"a package is missing in the report",
);
expectThat(
	readFileSync(join(scratch, "report/results.json")).equals(json),
	"report/results.json differs from --json",
);

const grown = typical(3, "mib") - typical(1, "mib");
const perPackage = (grown * 1024) / (wanted.length / 2);
expectThat(perPackage < 64, `memory grows by ${perPackage.toFixed(1)} KiB a cell`);
expectThat(typical(3, "descriptors") <= typical(1, "descriptors") + 2, "descriptors grow");

const row = (name: string, value: string) => console.log(`${name.padEnd(34)}${value}`);
const quarters = (of: "mib" | "descriptors") =>
	[0, 1, 2, 3].map((index) => String(Math.round(typical(index, of)))).join(" ");
row("cells", `${wanted.length} on ${kernels.join(", ")}, ${values.jobs} guests at a time`);
row("outcomes", [...outcomes].map(([key, value]) => `${value} ${key}`).join(", "));
row("time", `${seconds.toFixed(0)} s, ${(wanted.length / seconds).toFixed(1)} cells/s`);
row("memory, MiB, median of quarters", quarters("mib"));
row("memory, MiB, most", String(Math.round(Math.max(...samples.map(({ mib }) => mib)))));
row("grown a cell from 2nd to 4th", `${perPackage.toFixed(1)} KiB`);
row("descriptors, median of quarters", quarters("descriptors"));
row("descriptors, most", String(Math.max(...samples.map(({ descriptors }) => descriptors))));
row("results.json", `${(json.length / 2 ** 20).toFixed(1)} MiB`);
row("report.html", `${(statSync(join(scratch, "report/report.html")).size / 2 ** 20).toFixed(1)} MiB`);
for (const fault of faults) console.log(`fault: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
