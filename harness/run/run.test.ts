// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { InputError, UndecidedError } from "../base/errors.js";
import { exitStatus, Results } from "../base/results.js";
import { validator } from "../base/validate.js";
import { loadCheck } from "../checks/load/load-check.js";
import { readObject } from "../data/package/object.js";
import { disagreements, driftOf } from "../data/vectors/drift.js";
import type { Check, CheckRun, Finding } from "../lab/check.js";
import { GuestError } from "../machine/guest/client.js";
import type { RunEvent } from "./events.js";
import { type RunOptions, run } from "./run.js";
import { emptyInventory, kernel, pkg, TestGuests } from "./testguest.js";

const pass = (name: string): Finding => ({ case: name, outcome: "pass", evidence: {} });
const check = (cases: string[], body: CheckRun["run"], name = "load"): Check => ({
	name,
	summary: "a check of this test",
	suits: () => true,
	create: () => ({ cases: () => cases, run: body }),
});
const passing = check(["a", "b"], async function* () {
	yield pass("a");
	yield pass("b");
});

let guests: TestGuests;
let options: RunOptions;
beforeEach(() => {
	guests = new TestGuests();
	options = {
		packages: [pkg("one"), pkg("two")],
		kernels: [kernel("5.10"), kernel("6.1")],
		checks: [passing],
		jobs: 2,
		guests,
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
		host: { bpfgate: "0", accelerator: "tcg", qemu: "none" },
	};
});

async function results(more: Partial<RunOptions> = {}): Promise<Results> {
	let last: RunEvent | undefined;
	for await (const event of run({ ...options, ...more })) last = event;
	if (last?.type !== "run-end") throw new Error("the run did not end");
	expect(validator(Results).violation(last.results)).toBeUndefined();
	return last.results;
}

const only = { packages: [pkg("one")], kernels: [kernel("5.10")] };

describe("run", () => {
	it("asks every package on every kernel, each in a guest of its own, and ends them all", async () => {
		const document = await results();
		expect(document.results.map((it) => `${it.kernel} ${it.package} ${it.case} ${it.outcome}`)).toEqual([
			"5.10 one a pass",
			"5.10 one b pass",
			"5.10 two a pass",
			"5.10 two b pass",
			"6.1 one a pass",
			"6.1 one b pass",
			"6.1 two a pass",
			"6.1 two b pass",
		]);
		expect(guests.acquired).toBe(4);
		expect(guests.disposed).toBe(4);
		expect(exitStatus(document)).toBe(0);
		expect(document.kernels[0]?.release).toBe("5.10.1-test");
	});

	it("never lets a case without a finding pass", async () => {
		const forgetful = check(["a", "b"], async function* () {
			yield pass("a");
		});
		const document = await results({ ...only, checks: [forgetful] });
		expect(document.results[1]).toMatchObject({
			case: "b",
			outcome: "error",
			reason: { code: "no-finding" },
		});
		expect(exitStatus(document)).toBe(3);
	});

	it("says error for the cases of a kernel that does not come up, and finishes the others", async () => {
		const refuse = new UndecidedError("boot-failed", "5.10 did not boot", "look at its console");
		const acquire = guests.acquire.bind(guests);
		guests.acquire = (it) => (it.id === "5.10" ? Promise.reject(refuse) : acquire(it));
		const document = await results();
		const outcomes = document.results.map(({ kernel: id, outcome }) => `${id} ${outcome}`);
		expect(new Set(outcomes)).toEqual(new Set(["5.10 error", "6.1 pass"]));
		expect(document.results[0]?.reason?.code).toBe("boot-failed");
	});

	it.each([
		["a full disk", Object.assign(new Error("x"), { syscall: "write", code: "ENOSPC" }), "host-failed"],
		["a refusal of the agent", new GuestError("ping", { errno: 5, what: "ping" }), "agent-refused"],
		["a defect of bpfgate", new TypeError("x is undefined"), "internal-error"],
	] as const)("does not blame the package for %s", async (_, thrown, code) => {
		const broken = check(["a"], async function* () {
			yield* [];
			throw thrown;
		});
		const document = await results({ ...only, checks: [broken] });
		expect(document.results).toMatchObject([{ case: "a", outcome: "error", reason: { code } }]);
	});

	it.each([
		["a panic is the package's failure", "panic", "fail", "kernel-panic"],
		["a guest lost without a splat blames no package", undefined, "error", "guest-died"],
		["a guest short of memory blames no package", "out-of-memory", "error", "guest-died"],
	] as const)("%s", async (_, kind, outcome, code) => {
		const dying = check(["a", "b"], async function* (_pkg, bench) {
			yield pass("a");
			await bench.guest();
			throw new UndecidedError("guest-died", "the guest is gone", "look");
		});
		if (kind) guests.splats = [{ kind, title: "what happened", text: "what happened\nat length" }];
		const document = await results({ ...only, checks: [dying] });
		expect(document.results[0]).toMatchObject({ case: "a", outcome: "pass" });
		expect(document.results[1]).toMatchObject({ case: "b", outcome, reason: { code } });
		expect(document.results.slice(2).map((it) => it.case)).toEqual(kind ? [`kernel-log/${kind}`] : []);
		expect(guests.disposed).toBe(guests.acquired);
	});

	it("reports a splat although every case passed", async () => {
		guests.splats = [
			{ kind: "warn", title: "WARNING: here", text: "WARNING: here" },
			{ kind: "warn", title: "WARNING: there", text: "WARNING: there" },
		];
		const document = await results(only);
		expect(document.results.at(-1)).toMatchObject({
			case: "kernel-log/warn",
			outcome: "fail",
			reason: { message: "the kernel's log has a warning: WARNING: here, and 1 more of this kind" },
		});
		expect(exitStatus(document)).toBe(1);
	});

	it("gives the next case a fresh guest when something was left over", async () => {
		const left = { ...emptyInventory, pins: ["/sys/fs/bpf/x"] };
		guests.inventories = [emptyInventory, left];
		const seen: string[][] = [];
		const untidy = check(["a"], async function* (_pkg, bench) {
			await bench.guest();
			seen.push(await bench.leftovers());
			await bench.guest();
			yield pass("a");
		});
		await results({ ...only, checks: [untidy] });
		expect(seen).toEqual([["pin: /sys/fs/bpf/x"]]);
		expect(guests.acquired).toBe(2);
	});

	it("wastes no guest on a check that has no case for a package", async () => {
		const idle = check([], async function* () {
			yield pass("never");
		});
		const document = await results({ checks: [idle], allowEmpty: true });
		expect(document.results).toEqual([]);
		expect(exitStatus(document)).toBe(0);
		expect(guests.acquired).toBe(0);
	});

	it("asks a package that a check does not suit only when the check was named", async () => {
		const choosy: Check = { ...passing, suits: ({ name }) => name === "two" };
		const packagesOf = ({ results }: Results) => [
			...new Set(results.filter(({ outcome }) => outcome === "pass").map((result) => result.package)),
		];
		expect(packagesOf(await results({ checks: [choosy] }))).toEqual(["two"]);
		expect(packagesOf(await results({ checks: [choosy], named: true }))).toEqual(["one", "two"]);
	});

	it("finds vectors that differ between kernels, unless the manifest says that they do", async () => {
		const body: CheckRun["run"] = async function* (_pkg, bench) {
			const retval = bench.kernel.id === "6.1" ? "XDP_DROP" : "XDP_PASS";
			yield { ...pass("v/x"), evidence: { actual: { retval } } };
		};
		const plain = check(["v/x"], body, "vectors");
		const drifting: Check = {
			...plain,
			create: (context) => ({
				...plain.create(context),
				async *across(_pkg, found, benchOf) {
					for (const [name, runs] of disagreements(found)) {
						for (const { kernel: id } of runs) await benchOf(id).guest();
						const kernels = runs.map(({ kernel: id }) => id);
						yield { case: `drift/${name}`, kernels, ...driftOf(name, runs, new Map()) };
					}
				},
			}),
		};
		const expecting = pkg("two", { expect: { failures: [{ case: "vectors/drift/v/x", kernels: ["6.1"] }] } });
		const kernels = ["5.10", "6.1", "6.12"].map(kernel);
		const document = await results({ packages: [pkg("one"), expecting], kernels, checks: [drifting] });
		const drifts = document.results.filter((it) => it.case.startsWith("drift/"));
		expect(drifts.map((it) => `${it.package} ${it.kernel} ${it.outcome}`)).toEqual([
			"one between fail",
			"two between pass",
		]);
		expect(drifts[1]).not.toHaveProperty("reason");
		expect(drifts[0]?.reason?.message).toContain("retval is XDP_PASS on 5.10 and 6.12, XDP_DROP on 6.1");
		expect(drifts[0]?.kernels).toEqual(["5.10", "6.1", "6.12"]);
		expect(guests.disposed).toBe(guests.acquired);
	});

	it("ends the cells of a package that takes too long on all kernels together", async () => {
		const endless: Check = {
			...passing,
			create: (context) => ({
				...passing.create(context),
				async *run(_pkg, bench) {
					for (;;) {
						await bench.guest();
						await new Promise((resolve) => setTimeout(resolve, 1));
						yield* [];
					}
				},
			}),
		};
		const document = await results({
			checks: [endless],
			packages: [pkg("one")],
			packageTimeout: 200,
			jobs: 1,
		});
		expect(new Set(document.results.map(({ kernel }) => kernel)).size).toBeGreaterThan(1);
		for (const { outcome, reason } of document.results) {
			expect(outcome).toBe("error");
			expect(reason?.code).toBe("package-timeout");
		}
		expect(guests.disposed).toBe(guests.acquired);
	});

	it("ends a comparison of kernels that does not end by itself", async () => {
		const endless: Check = {
			...passing,
			create: (context) => ({
				...passing.create(context),
				async *across(_pkg, _found, benchOf) {
					for (;;) {
						await benchOf("5.10").guest();
						await new Promise((resolve) => setTimeout(resolve, 1));
						yield* [];
					}
				},
			}),
		};
		const document = await results({ ...only, checks: [endless], cellTimeout: 1_000 });
		const [found] = document.results.filter((it) => it.kernel === "between");
		expect(found).toMatchObject({ case: "unfinished", outcome: "error", reason: { code: "cell-timeout" } });
		expect(guests.disposed).toBe(guests.acquired);
	});

	it("skips where the kernel lacks what the manifest requires, with the reason", async () => {
		const demanding = pkg("one", { kernels: { requires: ["link_type:tcx"] } });
		const features = {
			lack: async () => ({ state: "unsupported" as const, message: "5.10 has no tcx", hint: "6.6 has" }),
		};
		const document = await results({ ...only, packages: [demanding], features });
		expect(document.results.map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
			["skip", "feature-unsupported"],
			["skip", "feature-unsupported"],
			["error", "nothing-tested"],
		]);
		expect(guests.acquired).toBe(0);
	});

	it("skips kernels outside of what the manifest promises, and no others", async () => {
		const document = await results({ packages: [pkg("one", { kernels: { from: "5.15", to: "6.1" } })] });
		expect(document.results.map(({ kernel: id, outcome }) => `${id} ${outcome}`)).toEqual([
			"5.10 skip",
			"5.10 skip",
			"6.1 pass",
			"6.1 pass",
		]);
	});

	it("stops when interrupted, says so, and leaves no guest", async () => {
		const controller = new AbortController();
		const slow = check(["a"], async function* (_pkg, bench) {
			await bench.guest();
			controller.abort();
			await bench.guest();
			yield pass("a");
		});
		const document = await results({ checks: [slow], jobs: 1, signal: controller.signal });
		expect(document.run.interrupted).toBe(true);
		expect(document.results).toEqual([]);
		expect(document.run.unfinished).toHaveLength(4);
		expect(exitStatus(document)).toBe(130);
		expect(guests.disposed).toBe(guests.acquired);
	});

	it("ends its guests when no caller listens any more", async () => {
		for await (const event of run(options)) if (event.type === "finding") break;
		expect(guests.disposed).toBe(guests.acquired);
	});

	it("gives an input that cannot be read a failed case on each kernel, and tests the others", async () => {
		const errors = [new InputError("b.o", "section maps", "is of the old style")];
		const document = await results({ broken: [{ name: "b", path: "b.o", errors }] });
		const own = document.results.filter((result) => result.package === "b");
		expect(own.map((it) => `${it.kernel} ${it.check}/${it.case} ${it.outcome}`)).toEqual([
			"5.10 load/input fail",
			"6.1 load/input fail",
		]);
		expect(own[0]?.reason?.message).toBe("b.o: section maps: is of the old style");
		expect(document.results.filter(({ outcome }) => outcome === "pass")).toHaveLength(8);
		expect(document.packages[0]).toEqual({ name: "b", path: "b.o" });
		expect(exitStatus(document)).toBe(1);
	});

	it("reports only the cases that --filter names, and what the kernel's log says", async () => {
		guests.splats = [{ kind: "warn", title: "WARNING: here", text: "WARNING: here" }];
		const never = check(["c"], () => Promise.reject(new Error("must not run")) as never, "vectors");
		const document = await results({ ...only, checks: [passing, never], filter: ["load/b*"] });
		expect(document.results.map((it) => `${it.case} ${it.outcome}`)).toEqual([
			"b pass",
			"kernel-log/warn fail",
		]);
		expect(document.run.filter).toEqual(["load/b*"]);
	});
});

it("a package that leaves out every program (autoload false) is no success", async () => {
	const file = "xdp-filter.bpf.o";
	const bytes = readFileSync(new URL(`../../programs/xdp-filter/${file}`, import.meta.url));
	const facts = readObject(file, bytes);
	const programs = Object.fromEntries(facts.programs.map(({ name }) => [name, { autoload: false }]));
	const object = { file, bytes, settings: { file, programs }, binaries: [], ...facts };
	const document = await results({
		packages: [{ ...pkg("off"), objects: [object] }],
		kernels: [kernel("5.10")],
		checks: [loadCheck],
	});
	expect(document.results.map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
		["error", "nothing-tested"],
	]);
	expect(exitStatus(document)).toBe(3);
});
