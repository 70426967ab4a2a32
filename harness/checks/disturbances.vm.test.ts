// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UndecidedError } from "../base/errors.js";
import type { CaseResult } from "../base/results.js";
import { openPackage, type Package } from "../data/package/package.js";
import type { Check } from "../lab/check.js";
import { passed } from "../lab/findings.js";
import { createLab, type Lab } from "../lab/lab.js";
import { runCases } from "../lab/run-cases.js";
import { guestPath } from "../lab/subject/load/open-args.js";
import { contextOf } from "../lab/testbench.js";
import { GuestError } from "../machine/guest/client.js";
import type { Inventory } from "../machine/guest/operations.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { openKernel } from "../machine/kernel/store.js";
import { checks } from "./checks.js";
import { type Disturbance, type DisturbedCell, disturbedCell, type Moment } from "./testdisturbance.js";

/** A check that is not in the list of checks: it opens each object, and loads nothing. */
const exampleCheck: Check = {
	name: "opens",
	summary: "does libbpf open every object?",
	suits: () => true,
	create: () => ({
		cases: (pkg) => pkg.objects.flatMap(({ file }) => [`${file}/opens`, `${file}/opens-again`]),
		async *run(pkg, bench) {
			for (const object of pkg.objects) {
				yield* runCases(bench, {
					cases: [`${object.file}/opens`, `${object.file}/opens-again`],
					after: `${object.file} was opened and closed`,
					async *run() {
						const { client } = await bench.guest();
						const path = guestPath(object);
						await client.call("file_write", { path, data: object.loadable });
						for (const name of ["opens", "opens-again"]) {
							const { object: handle } = await client.call("object_open", { path });
							yield { case: `${object.file}/${name}`, ...passed({ object: object.file }) };
							await client.call("object_close", { object: handle });
						}
						await client.call("file_remove", { path });
					},
				});
			}
		},
	}),
};

/** The example package for each check; every check of the list needs one. */
const packages: Readonly<Record<string, string>> = {
	load: "xdp-filter",
	vectors: "xdp-filter",
	signature: "signed-filter",
	chain: "chain-tcx",
	token: "token-xdp",
	takeover: "token-xdp",
	opens: "xdp-filter",
};

const whileSettling = ({ isSettling }: Moment) => isSettling;
const inTheMiddle = ({ call, calls }: Moment) => call >= Math.ceil(calls / 2);
/** Puts an object of the package into the guest, or closes one: no kernel says no to these. */
const isHousekeeping = ({ op, args }: Moment) =>
	op === "close" || op === "object_close" || (op === "file_write" && /^\/run\//.test(String(args.path)));

const lost = (code: string): Pick<Disturbance, "happens" | "lasts"> => ({
	lasts: true,
	async happens() {
		throw new UndecidedError(code, `the test says ${code}`, "see the test");
	},
});

const disturbances: Disturbance[] = [
	{
		title: "a case gets no finding",
		swallows: true,
		when: () => false,
		happens: (answer) => answer(),
		expected: { outcome: "error", code: "no-finding" },
	},
	{
		title: "the guest dies in the middle",
		when: inTheMiddle,
		...lost("guest-died"),
		expected: { outcome: "error", code: "guest-died" },
	},
	{
		title: "the kernel panics in the middle",
		when: inTheMiddle,
		...lost("guest-died"),
		splats: [{ kind: "panic", title: "Kernel panic - not syncing", text: "Kernel panic - not syncing" }],
		expected: { outcome: "fail", code: "kernel-panic" },
	},
	{
		title: "the guest hangs in the middle",
		when: inTheMiddle,
		...lost("guest-hung"),
		expected: { outcome: "error", code: "guest-hung" },
	},
	{
		title: "the guest dies after the last case",
		when: ({ open }) => open === 0,
		needsLateCall: true,
		...lost("guest-died"),
		expected: { outcome: "error", code: "guest-died" },
	},
	{
		title: "the guest dies while leftovers settle",
		when: whileSettling,
		...lost("guest-died"),
		expected: { outcome: "error", code: "guest-died" },
	},
	{
		title: "something is left in the guest",
		when: whileSettling,
		async happens(answer) {
			const inventory = (await answer()) as Inventory;
			return { ...inventory, pins: [...inventory.pins, "/sys/fs/bpf/left"] };
		},
		expected: { outcome: "fail", code: "leftovers" },
	},
	{
		title: "the agent refuses its part",
		when: isHousekeeping,
		async happens() {
			throw new GuestError("file_write", { errno: 5, what: "a disk of the test" });
		},
		expected: { outcome: "error", code: "agent-refused" },
	},
	{
		title: "the host fails in the middle",
		when: inTheMiddle,
		lasts: true,
		async happens() {
			throw Object.assign(new Error("no space"), { syscall: "write", code: "ENOSPC" });
		},
		expected: { outcome: "error", code: "host-failed" },
	},
];

const line = (result: CaseResult) =>
	`${result.case} ${result.outcome}: ${result.reason?.code}: ${result.reason?.message}`;

let lab: Lab;
let kernel: Kernel;
beforeAll(async () => {
	lab = createLab({ jobs: 2, signal: new AbortController().signal });
	kernel = await openKernel("6.12");
});
afterAll(() => lab[Symbol.asyncDispose]());

it("every check has an example package here", () => {
	expect(Object.keys(packages)).toEqual([...checks, exampleCheck].map(({ name }) => name));
});

describe.concurrent.each([...checks, exampleCheck].map((check) => ({ check, name: check.name })))(
	"the $name check",
	({ check, name }) => {
		let pkg: Package;
		let sound: DisturbedCell;
		beforeAll(async () => {
			pkg = await openPackage(fileURLToPath(new URL(`../../programs/${packages[name]}`, import.meta.url)));
			sound = await disturbedCell(lab, kernel, pkg, check);
			const wrong = sound.results.filter(({ outcome }) => outcome === "fail" || outcome === "error");
			expect(wrong.map(line)).toEqual([]);
		});

		it.each(disturbances)("when $title", async (disturbance) => {
			const { expected } = disturbance;
			const cell = await disturbedCell(lab, kernel, pkg, check, disturbance, sound.calls);
			expect(cell.alive).toBe(0);
			// A check whose last group retires its guest calls none after its last case, and one
			// that retires each guest looks for no leftovers.
			const retires = name === "takeover" && disturbance.when === whileSettling;
			if (!cell.happened && (disturbance.needsLateCall || retires)) {
				expect(cell.results.map(line)).toEqual(sound.results.map(line));
				return;
			}
			expect(cell.happened).toBe(true);
			const wanted = check.create(contextOf([pkg])).cases(pkg);
			const names = cell.results.map((result) => result.case);
			expect(names.filter((each) => wanted.includes(each)).sort()).toEqual([...wanted].sort());

			const isReport = ({ reason }: CaseResult) => reason?.code === expected.code;
			const reports = cell.results.filter(isReport);
			expect([...new Set(reports.map(({ outcome }) => outcome))]).toEqual([expected.outcome]);
			const outcomes = new Map(sound.results.map((result) => [result.case, result.outcome]));
			const others = cell.results.filter(
				(each) => !isReport(each) && each.outcome !== outcomes.get(each.case),
			);
			expect(others.map(line)).toEqual([]);
		});
	},
);
