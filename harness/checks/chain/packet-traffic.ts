// SPDX-License-Identifier: Apache-2.0
import type { ChainPacket } from "../../chain/packets.js";
import { UndecidedError } from "../../errors.js";
import { ENOBUFS, errnoName } from "../../uapi/errno.js";
import type { Parts } from "./parts.js";
import { countRuns } from "./program-info.js";
import { byPacket, type MemberRun } from "./recorder.js";
import type { Encounter, Flow, Traffic } from "./traffic.js";

/** Where packets are sent from so that they pass the hook. */
export interface Sender {
	ifindex: number;
	netns?: number;
	/** Packets begin with their IP header: it is a device without Ethernet. */
	ip?: true;
}

export interface PacketTrafficOptions {
	/** The kernel counts each run of a part: not where parts are entered by tail calls or in the place of a function (freplace). */
	counted: boolean;
	/** Of a program that stands before all parts and sees the verdict of the whole: its number in the recorder. */
	root?: number;
}

/** Numbered packets, sent out of a device of the guest; what they met is told by the recorder. */
export class PacketTraffic implements Traffic {
	constructor(
		private readonly parts: Parts,
		private readonly sender: Sender,
		private readonly packets: readonly ChainPacket[],
		private readonly options: PacketTrafficOptions,
	) {}

	#statistics: number | undefined;

	async sample(): Promise<Encounter[]> {
		const { client } = this.parts.guest;
		const { recorder } = this.parts;
		await recorder.read();
		const before = this.options.counted ? await this.#counts() : undefined;
		const sent = await client.call("packet_send", {
			...this.sender,
			frames: this.packets.map(({ frame }) => frame),
		});
		refused(sent);
		// Before the recorder is read: of what runs in between, more is recorded than counted.
		const after = before ? await this.#counts() : undefined;
		const runs = await recorder.read();
		const met = byPacket(runs);
		const encounters = this.packets.map(({ what, meets }, number): Encounter => {
			const mine = met.get(number) ?? [];
			const root = mine.find(({ member }) => member === this.options.root);
			return {
				what,
				met: this.parts.meetings(mine),
				...(meets ? { meets } : {}),
				...(root?.retval === undefined ? {} : { verdict: root.retval }),
			};
		});
		if (!before || !after) return encounters;
		const miscounted = this.#miscounted(before, after, runs);
		return miscounted === undefined ? encounters : encounters.map((each) => ({ ...each, miscounted }));
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

	/** By number in the recorder. Statistics stay on until `close`: switching them patches the kernel's code. */
	async #counts(): Promise<Map<number, number>> {
		this.#statistics ??= (await countRuns(this.parts.guest)).handle;
		const counts = await this.parts.runCounts();
		return new Map([...counts].map(([part, runs]) => [this.parts.loaded(part).number, runs]));
	}

	async close(): Promise<void> {
		if (this.#statistics !== undefined)
			await this.parts.guest.client.call("close", { handle: this.#statistics });
	}

	/**
	 * Packets of the guest's own may come before and after the counting: then more runs are recorded than counted. Never may there
	 * be fewer, nor fewer counted than bpfgate's packets made.
	 */
	#miscounted(
		before: ReadonlyMap<number, number>,
		after: ReadonlyMap<number, number>,
		runs: readonly MemberRun[],
	): string | undefined {
		for (const [number, count] of after) {
			const counted = count - (before.get(number) ?? 0);
			const recorded = runs.filter(({ member }) => member === number);
			const numbered = recorded.filter(({ packet }) => packet !== undefined);
			if (counted <= recorded.length && counted >= numbered.length) continue;
			const [meeting] = this.parts.meetings([{ member: number, empty: false, timeNs: 0n }]);
			return `the kernel counted ${counted} runs of ${meeting?.part.member.label}, of which ${recorded.length} were recorded`;
		}
		return undefined;
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
