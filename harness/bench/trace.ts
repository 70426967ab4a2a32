// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { loadCheck } from "../checks/load/load-check.js";
import type { Package } from "../data/package/package.js";
import { requests } from "../machine/guest/channel.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { clones } from "../machine/vm/machine.js";
import { testPackages } from "../run/test-packages.js";
import { type Figure, median, rounded } from "./figure.js";

const turns = 15;
/** Warm-up: the first cells run code that Node has not compiled yet. */
const unmeasured = 5;

/** Milliseconds: wall clock, CPU time of QEMU, CPU time of this process. */
interface Taken {
	calls: number;
	wall: number;
	qemu: number;
	runner: number;
}

/** One cell by activity: `clone`, agent operations, and the runner's own work. */
type Trace = Map<string, Taken>;

const runnerAlone = { before: "runner: before the clone", between: "runner: between", after: "runner: end" };

/** How one cell spends its time: a small package's load check on one kernel, template warm. */
export async function traceFigures(pkg: Package, kernel: Kernel): Promise<Figure[]> {
	const traces: Trace[] = [];
	for (let turn = -unmeasured; turn < turns; turn++) {
		const trace = await traceCell(pkg, kernel);
		if (turn >= 0) traces.push(trace);
	}
	const names = [...new Set(traces.flatMap((trace) => [...trace.keys()]))];
	const middle = (name: string, part: keyof Taken) =>
		median(traces.map((trace) => trace.get(name)?.[part] ?? 0));
	const rows = names.map((name) => ({
		name,
		calls: middle(name, "calls"),
		wall: middle(name, "wall"),
		qemu: middle(name, "qemu"),
		runner: middle(name, "runner"),
	}));
	const total = (part: keyof Taken) =>
		median(traces.map((trace) => [...trace.values()].reduce((sum, taken) => sum + taken[part], 0)));
	const all = {
		name: "all",
		calls: total("calls"),
		wall: total("wall"),
		qemu: total("qemu"),
		runner: total("runner"),
	};
	const how = `median of ${turns} cells, each in a new laboratory of one process after ${unmeasured} unmeasured: load check of ${pkg.name}, kernel ${kernel.id}, template warm, one at a time`;
	return [...rows.sort((a, b) => b.wall - a.wall), all].map(({ name, calls, wall, qemu, runner }) => ({
		name: `trace/${kernel.id}/${name}`,
		value: rounded(wall),
		unit: "ms",
		against: "",
		ratio: 0,
		calls,
		cpu_ms: { qemu: rounded(qemu), runner: rounded(runner) },
		how,
	}));
}

async function traceCell(pkg: Package, kernel: Kernel): Promise<Trace> {
	const recorder = new Recorder();
	const clone = {
		start: () => recorder.mark("clone"),
		end: () => {},
		asyncStart: () => {},
		asyncEnd: ({ result }: { result?: { pid: number } }) => recorder.cloned(result?.pid),
		error: () => {},
	};
	const request = {
		start: ({ op }: { op: string }) => recorder.sent(op),
		end: () => {},
		asyncStart: () => recorder.answered(),
		asyncEnd: () => {},
		error: () => {},
	};
	clones.subscribe(clone);
	requests.subscribe(request);
	try {
		const { signal } = new AbortController();
		const run = { packages: [pkg], kernels: [kernel], checks: [loadCheck], jobs: 1, signal };
		for await (const event of testPackages(run)) {
			if (event.type !== "finding" || event.result.outcome === "pass") continue;
			throw new Error(event.result.reason?.message);
		}
		return recorder.done();
	} finally {
		clones.unsubscribe(clone);
		requests.unsubscribe(request);
	}
}

/** Splits a cell's time by what it waits for; overlapping requests count for the first of them. */
class Recorder {
	readonly #trace: Trace = new Map();
	readonly #waiting: string[] = [];
	#alone = runnerAlone.before;
	#cloning = false;
	#pid: number | undefined;
	#last = this.#now();
	/** Time since the last answer. */
	#tail: Taken = { calls: 0, wall: 0, qemu: 0, runner: 0 };

	mark(_: "clone"): void {
		this.#divide();
		this.#cloning = true;
	}

	cloned(pid: number | undefined): void {
		this.#pid = pid;
		this.#divide();
		this.#cloning = false;
		this.#alone = runnerAlone.between;
	}

	sent(op: string): void {
		this.#divide();
		this.#settle(this.#alone);
		if (!this.#cloning) this.#waiting.push(op);
	}

	answered(): void {
		this.#divide();
		const op = this.#cloning ? undefined : this.#waiting.shift();
		if (op !== undefined) this.#row(op).calls++;
	}

	done(): Trace {
		this.#divide();
		this.#settle(runnerAlone.after);
		return this.#trace;
	}

	#divide(): void {
		const [before, now] = [this.#last, this.#now()];
		this.#last = now;
		const owner = this.#cloning ? "clone" : this.#waiting[0];
		const row = owner === undefined ? this.#tail : this.#row(owner);
		row.wall += now.wall - before.wall;
		row.qemu += Math.max(0, now.qemu - before.qemu);
		row.runner += now.runner - before.runner;
		if (owner === "clone") row.calls = 1;
	}

	#settle(name: string): void {
		const row = this.#row(name);
		row.wall += this.#tail.wall;
		row.qemu += this.#tail.qemu;
		row.runner += this.#tail.runner;
		this.#tail = { calls: 0, wall: 0, qemu: 0, runner: 0 };
	}

	#row(name: string): Taken {
		const found = this.#trace.get(name) ?? { calls: 0, wall: 0, qemu: 0, runner: 0 };
		this.#trace.set(name, found);
		return found;
	}

	#now(): { wall: number; qemu: number; runner: number } {
		const { user, system } = process.cpuUsage();
		return { wall: performance.now(), qemu: this.#qemu(), runner: (user + system) / 1000 };
	}

	/** CPU time of QEMU's threads (proc(5), schedstat); 0 before its start and after its end. */
	#qemu(): number {
		if (this.#pid === undefined) return 0;
		try {
			return readdirSync(`/proc/${this.#pid}/task`).reduce((sum, thread) => {
				const [running] = readFileSync(`/proc/${this.#pid}/task/${thread}/schedstat`, "latin1").split(" ");
				return sum + Number(running) / 1e6;
			}, 0);
		} catch {
			return 0;
		}
	}
}
