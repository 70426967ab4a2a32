// SPDX-License-Identifier: Apache-2.0

import { ENOBUFS, errnoName } from "../../base/errno.js";
import { UndecidedError } from "../../base/errors.js";
import { arrivedRuns } from "./arrival.js";
import type { ChainPacket } from "./model/packets.js";
import type { Parts } from "./parts.js";
import { byPacket } from "./recorder.js";
import { RunCounts } from "./run-counts.js";
import type { Encounter, Flow, Meeting, Traffic } from "./traffic.js";

/** Column of /proc/net/dev, behind the name: `dev_seq_printf_stats` of net/core/net-procfs.c. */
const txDrop = 11;

/** Where packets are sent from so that they pass the hook. */
export interface Sender {
	ifindex: number;
	netns?: number;
}

export interface PacketTrafficOptions {
	/**
	 * The kernel counts each run of a part: not where parts are entered by tail calls or in the
	 * place of a function (freplace).
	 */
	counted: boolean;
	/**
	 * Of a program that stands before all parts and sees the verdict of the whole: its number in
	 * the recorder.
	 */
	root?: number;
}

/** Numbered packets, sent out of a device of the guest; what they met is told by the recorder. */
export class PacketTraffic implements Traffic {
	readonly #counts: RunCounts;

	constructor(
		private readonly parts: Parts,
		private readonly sender: Sender,
		private readonly packets: readonly ChainPacket[],
		private readonly options: PacketTrafficOptions,
	) {
		this.#counts = new RunCounts(parts, options.counted);
	}

	async sample(): Promise<Encounter[]> {
		const frames = this.packets.map(({ frame }) => frame);
		const { outcome, runs, miscounted } = await this.#counts.watch(
			() => this.parts.guest.client.call("packet_send", { ...this.sender, frames }),
			(all) => byPacket(all).size === frames.length,
			({ packet }) => packet !== undefined,
		);
		refused(outcome);
		const met = byPacket(runs);
		return this.packets.map(({ what, meets }, number): Encounter => {
			const mine = met.get(number) ?? [];
			const root = mine.find(({ member }) => member === this.options.root);
			return {
				what,
				met: this.parts.meetings(mine),
				...(meets ? { meets } : {}),
				...(root?.retval === undefined ? {} : { verdict: root.retval }),
				...(miscounted === undefined ? {} : { miscounted }),
			};
		});
	}

	async flow(count: number, during: { op: string; args: unknown }[], rounds: number): Promise<Flow> {
		const { client } = this.parts.guest;
		const { recorder } = this.parts;
		await recorder.read();
		const [{ frame, numberAt }] = this.packets as [ChainPacket];
		const before = await this.#dropped();
		const sent = await client.call("packet_send", {
			...{ ...this.sender, frames: [frame], count, number_at: numberAt, during, rounds },
		});
		refused(sent);
		const dropsOfDevices = (await this.#dropped()) - before;
		const all = await arrivedRuns(
			recorder,
			await recorder.read(),
			(runs) => byPacket(runs).size + dropsOfDevices >= sent.tried,
		);
		const met = new Map<number, Meeting[]>();
		const verdicts = new Map<number, number>();
		for (const [packet, runs] of byPacket(all)) {
			met.set(packet, this.parts.meetings(runs));
			const root = runs.find(({ member }) => member === this.options.root);
			if (root?.retval !== undefined) verdicts.set(packet, root.retval);
		}
		const unmet = sent.tried - met.size;
		// Others' packets are dropped as well, and those that met a program which said so.
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

	/**
	 * By all devices where the sender is: `veth_xmit` of drivers/net/veth.c counts so what its
	 * peer's queue has no room for.
	 */
	async #dropped(): Promise<number> {
		const { netns } = this.sender;
		const { data } = await this.parts.guest.client.call("file_read", {
			...{ path: "/proc/net/dev", ...(netns === undefined ? {} : { netns }) },
		});
		const lines = Buffer.from(data).toString("latin1").split("\n");
		return lines.reduce((sum, line) => sum + Number(line.split(":")[1]?.trim().split(/\s+/)[txDrop] ?? 0), 0);
	}

	close(): Promise<void> {
		return this.#counts.close();
	}
}

/** Of an operation that was done: a command tells it as its status. */
function errnoOf(outcome: unknown): number {
	const { errno, status } = (outcome ?? {}) as { errno?: number; status?: number };
	return errno ?? status ?? 0;
}

/** A packet that programs on its way out have dropped is told to be so (NET_XMIT_DROP): ENOBUFS. */
function refused({ errno, tried, sent }: { errno: number; tried: number; sent: number }): void {
	if (sent === tried || errno === ENOBUFS) return;
	throw new UndecidedError(
		"packets-refused",
		`the guest took only ${sent} of ${tried} packets for the chain: ${errnoName(errno)}`,
		"report it, with the chain's packets",
	);
}
