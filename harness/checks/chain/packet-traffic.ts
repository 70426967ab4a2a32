// SPDX-License-Identifier: Apache-2.0
import type { ChainPacket } from "../../chain/packets.js";
import { UndecidedError } from "../../errors.js";
import { ENOBUFS, errnoName } from "../../uapi/errno.js";
import type { Parts } from "./parts.js";
import { byPacket } from "./recorder.js";
import { RunCounts } from "./run-counts.js";
import type { Encounter, Flow, Traffic } from "./traffic.js";

/** Where packets are sent from so that they pass the hook. */
export interface Sender {
	ifindex: number;
	netns?: number;
}

export interface PacketTrafficOptions {
	/** The kernel counts each run of a part: not where parts are entered by tail calls or in the place of a function (freplace). */
	counted: boolean;
	/** Of a program that stands before all parts and sees the verdict of the whole: its number in the recorder. */
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
		this.#counts = new RunCounts(parts);
	}

	async sample(): Promise<Encounter[]> {
		const { client } = this.parts.guest;
		const { recorder } = this.parts;
		if (this.options.counted) await this.#counts.begin();
		const count = async () => (this.options.counted ? this.#counts.read() : undefined);
		// Asked for at once and done in this order.
		const [, before, sent, after, runs] = await Promise.all([
			recorder.read(),
			count(),
			client.call("packet_send", { ...this.sender, frames: this.packets.map(({ frame }) => frame) }),
			count(),
			recorder.read(),
		]);
		refused(sent);
		const met = byPacket(runs);
		const numbered = runs.filter(({ packet }) => packet !== undefined);
		const miscounted = before && after && this.#counts.compare(before, after, runs, numbered);
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
		const sent = await client.call("packet_send", {
			...{ ...this.sender, frames: [frame], count, number_at: numberAt, during, rounds },
		});
		refused(sent);
		const met = new Map(
			[...byPacket(await recorder.read())].map(([packet, runs]) => [packet, this.parts.meetings(runs)]),
		);
		return {
			packets: sent.tried,
			met,
			unaccounted: sent.tried - met.size,
			operations: (sent.during ?? []).map(({ ok, err, from, to }) => ({
				errno: err?.errno ?? (ok as { errno?: number } | undefined)?.errno ?? 0,
				from,
				to,
			})),
		};
	}

	close(): Promise<void> {
		return this.#counts.close();
	}
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
