// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Result } from "../../machine/guest/operations.js";
import { type AgentOperation, errnoOf } from "./agent-operation.js";
import { arrivedRuns } from "./arrival.js";
import type { ChainPrograms } from "./chain-programs.js";
import { byPacket, type MemberRun, marker } from "./order-recorder.js";
import type { Flow, PacketTrace, Traffic } from "./packet-trace.js";
import { RunCounts } from "./run-counts.js";
import { type CgroupHook, type SocketCalls, socketCalls } from "./socket-calls.js";

const EPERM = 1;
/** How long to wait for a packet that may be dropped; on `lo`, sendmsg(2) delivers it. */
const packetMs = 100;
/** How long a connection may take. */
const callMs = 1000;
type Outcome = Result<"socket_traffic">["steps"][number];

/** Real system calls of a process in its own cgroup; known by the clock, packets by number. */
export class SocketTraffic implements Traffic {
	private readonly each: readonly SocketCalls[];
	private readonly counts: RunCounts;

	/** @param cgroup path of the process's cgroup */
	constructor(
		private readonly programs: ChainPrograms,
		hook: CgroupHook,
		private readonly cgroup: string,
	) {
		this.each = socketCalls(hook, programs.guest.client.littleEndian);
		this.counts = new RunCounts(programs, true);
	}

	async sample(): Promise<PacketTrace[]> {
		const packets = this.each.some(({ received }) => received !== undefined);
		const {
			outcome: outcomes,
			runs,
			miscounted,
		} = await this.counts.watch(
			() => this.make(this.each.flatMap(({ calls }) => calls)),
			(all, outcomes) => this.arrived(outcomes, all),
			({ packet }) => !packets || packet !== undefined,
		);
		return this.each.map((one, number) => {
			const trace = this.trace(one, number, this.outcomesOf(number, outcomes), runs);
			return { ...trace, ...(miscounted === undefined ? {} : { miscounted }) };
		});
	}

	/** The same call of one process over and over. */
	async flow(kind: number, count: number, during: AgentOperation[], rounds: number): Promise<Flow> {
		const { recorder, guest } = this.programs;
		const one = this.each[kind]!;
		if (one.once) throw new Error(`${one.what} cannot be repeated`);
		await recorder.read();
		const steps = one.calls.slice(0, one.watched + 1);
		const numbered = one.received === undefined ? {} : { number_at: marker.length };
		const made = await guest.client.call("socket_traffic", {
			...{ cgroup: this.cgroup, steps, count, during, rounds, ...numbered },
		});
		checkSockets(made.steps, steps);
		const times = made.times_ns ?? [];
		const packets = times.length - 1;
		const runs = await arrivedRuns(
			recorder,
			await recorder.read(),
			(all) => one.received === undefined || byPacket(all).size === packets,
		);
		const met = one.received === undefined ? byTime(runs, times) : byPacket(runs);
		return {
			packets,
			met: new Map([...met].map(([number, mine]) => [number, this.programs.entriesOf(mine)])),
			unaccounted: packets - met.size,
			operations: (made.during ?? []).map(({ ok, err, from, to }) => ({
				errno: err?.errno ?? errnoOf(ok),
				...{ from, to },
			})),
		};
	}

	close(): Promise<void> {
		return this.counts.close();
	}

	/** Whether each packet was received or met an entry: a busy kernel leaves it to ksoftirqd. */
	private arrived(outcomes: readonly Outcome[], runs: readonly MemberRun[]): boolean {
		const met = byPacket(runs);
		return this.each.every(
			({ received }, number) =>
				received === undefined ||
				met.has(number) ||
				this.outcomesOf(number, outcomes)[received]!.data.length > 0,
		);
	}

	/** From the first call of this number on. */
	private outcomesOf(number: number, outcomes: readonly Outcome[]): readonly Outcome[] {
		return outcomes.slice(this.each.slice(0, number).reduce((sum, { calls }) => sum + calls.length, 0));
	}

	/** @param outcomes of its calls, and of at least one more */
	private trace(
		{ what, watched, received, once }: SocketCalls,
		number: number,
		outcomes: readonly Outcome[],
		runs: readonly MemberRun[],
	): PacketTrace {
		const [call, next] = [outcomes[watched]!, outcomes[watched + 1]!];
		const mine =
			received === undefined
				? runs.filter(({ timeNs }) => timeNs >= call.time_ns && timeNs < next.time_ns)
				: (byPacket(runs).get(number) ?? []);
		const passed = received === undefined ? answered(call) : outcomes[received]!.data.length > 0;
		return {
			what,
			met: this.programs.entriesOf(mine),
			...(passed === undefined ? {} : { passed }),
			...(once ? { once } : {}),
		};
	}

	/** One outcome more than calls: its time is when the last of them returned. */
	private async make(calls: SocketCalls["calls"]): Promise<Outcome[]> {
		const waits = this.each.some(({ received }) => received !== undefined);
		const after = { call: "getsockname" as const, socket: calls.at(-1)?.socket ?? 0 };
		const { steps } = await this.programs.guest.client.call("socket_traffic", {
			...{ cgroup: this.cgroup, wait_ms: waits ? packetMs : callMs, steps: [...calls, after] },
		});
		checkSockets(steps, calls);
		return steps;
	}
}

/** Without a socket, no call passes the hook. @throws UndecidedError `calls-refused` */
export function checkSockets(outcomes: readonly Outcome[], calls: SocketCalls["calls"]): void {
	const failed = outcomes.find(({ errno }, index) => errno !== 0 && calls[index]?.call === "socket");
	if (!failed) return;
	throw undecided("calls-refused", { errno: errnoName(failed.errno) });
}

/** Runs by the call that caused them. @param times when each began, and the last returned */
function byTime(runs: readonly MemberRun[], times: readonly number[]): Map<number, MemberRun[]> {
	const calls = new Map<number, MemberRun[]>();
	let number = 0;
	for (const run of runs) {
		while (number < times.length - 1 && run.timeNs >= times[number + 1]!) number++;
		const met = calls.get(number);
		if (met) met.push(run);
		else calls.set(number, [run]);
	}
	return calls;
}

/** Undefined for an errno that a member may have caused (bpf_set_retval, a changed address). */
function answered({ errno }: Outcome): boolean | undefined {
	if (errno === 0) return true;
	return errno === EPERM ? false : undefined;
}
