// SPDX-License-Identifier: Apache-2.0

import { ENOBUFS, errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { type AgentOperation, errnoOf } from "./agent-operation.js";
import { arrivedRuns } from "./arrival.js";
import type { ChainPrograms } from "./chain-programs.js";
import type { ChainPacket } from "./model/chain-packets.js";
import { byPacket } from "./order-recorder.js";
import type { Flow, PacketTrace, TracedEntry, Traffic } from "./packet-trace.js";
import { RunCounts } from "./run-counts.js";

/** Column of /proc/net/dev after the name: `dev_seq_printf_stats` of net/core/net-procfs.c. */
const txDrop = 11;

/** Where packets are sent from so that they pass the hook. */
export interface Sender {
	ifindex: number;
	netns?: number;
}

export interface PacketTrafficOptions {
	/** The kernel counts runs of entries; it does not for tail calls and functions (freplace). */
	counted: boolean;
	/** Number in the recorder of a root program, which returns what the whole chain returned. */
	root?: number;
}

/** Numbered packets, sent out of a device of the guest; the recorder reports what they met. */
export class PacketTraffic implements Traffic {
	readonly #counts: RunCounts;

	constructor(
		private readonly programs: ChainPrograms,
		private readonly sender: Sender,
		private readonly packets: readonly ChainPacket[],
		private readonly options: PacketTrafficOptions,
	) {
		this.#counts = new RunCounts(programs, options.counted);
	}

	async sample(): Promise<PacketTrace[]> {
		const frames = this.packets.map(({ frame }) => frame);
		const { outcome, runs, miscounted } = await this.#counts.watch(
			() => this.programs.guest.client.call("packet_send", { ...this.sender, frames }),
			(all) => byPacket(all).size === frames.length,
			({ packet }) => packet !== undefined,
		);
		checkSent(outcome);
		const met = byPacket(runs);
		return this.packets.map(({ what, meets }, number): PacketTrace => {
			const mine = met.get(number) ?? [];
			const root = mine.find(({ member }) => member === this.options.root);
			return {
				what,
				met: this.programs.entriesOf(mine),
				...(meets ? { meets } : {}),
				...(root?.retval === undefined ? {} : { verdict: root.retval }),
				...(miscounted === undefined ? {} : { miscounted }),
			};
		});
	}

	async flow(kind: number, count: number, during: AgentOperation[], rounds: number): Promise<Flow> {
		const { client } = this.programs.guest;
		const { recorder } = this.programs;
		await recorder.read();
		const { frame, numberAt } = this.packets[kind]!;
		const before = await this.#dropped();
		const sent = await client.call("packet_send", {
			...{ ...this.sender, frames: [frame], count, number_at: numberAt, during, rounds },
		});
		checkSent(sent);
		const dropsOfDevices = (await this.#dropped()) - before;
		const all = await arrivedRuns(
			recorder,
			await recorder.read(),
			(runs) => byPacket(runs).size + dropsOfDevices >= sent.tried,
		);
		const met = new Map<number, TracedEntry[]>();
		const verdicts = new Map<number, number>();
		for (const [packet, runs] of byPacket(all)) {
			met.set(packet, this.programs.entriesOf(runs));
			const root = runs.find(({ member }) => member === this.options.root);
			if (root?.retval !== undefined) verdicts.set(packet, root.retval);
		}
		const unmet = sent.tried - met.size;
		// The devices also count packets of other senders, and those that a program dropped.
		const dropped = Math.min(unmet, dropsOfDevices);
		return {
			packets: sent.tried,
			met,
			...(this.options.root === undefined ? {} : { verdicts }),
			dropped,
			unaccounted: unmet - dropped,
			operations: (sent.during ?? []).map(({ ok, err, from, to }) => ({
				errno: err?.errno ?? errnoOf(ok),
				from,
				to,
			})),
		};
	}

	/** Of all devices: `veth_xmit` counts packets that its peer's queue had no room for. */
	async #dropped(): Promise<number> {
		const { netns } = this.sender;
		const { data } = await this.programs.guest.client.call("file_read", {
			...{ path: "/proc/net/dev", ...(netns === undefined ? {} : { netns }) },
		});
		const lines = Buffer.from(data).toString("latin1").split("\n");
		return lines.reduce((sum, line) => sum + Number(line.split(":")[1]?.trim().split(/\s+/)[txDrop] ?? 0), 0);
	}

	close(): Promise<void> {
		return this.#counts.close();
	}
}

/**
 * ENOBUFS: a program on the way out dropped it (NET_XMIT_DROP).
 * @throws UndecidedError `packets-refused`
 */
export function checkSent({ errno, tried, sent }: { errno: number; tried: number; sent: number }): void {
	if (sent === tried || errno === ENOBUFS) return;
	throw undecided("packets-refused", { sent, tried, errno: errnoName(errno) });
}
