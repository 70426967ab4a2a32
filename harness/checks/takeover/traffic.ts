// SPDX-License-Identifier: Apache-2.0
import type { Held } from "../../machine/guest/bpf-attr.js";
import { runCount } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import { commonPackets } from "../chain/model/chain-packets.js";
import { checkSent, type Sender } from "../chain/packet-traffic.js";
import { type CgroupHook, socketCalls } from "../chain/socket-calls.js";
import { checkSockets } from "../chain/socket-traffic.js";

/** Packets or calls that pass a hook. */
export interface LiveTraffic {
	/** `packets` or `calls`. */
	readonly what: string;
	/** How many pass the hook each time. */
	readonly count: number;
	/** @throws UndecidedError when it is not sent: that no program met it would show nothing */
	send(): Promise<void>;
}

/** One packet of each common kind, out of a device. */
export function packetsFrom({ client }: Guest, sender: Sender): LiveTraffic {
	const frames = commonPackets().map(({ frame }) => frame);
	return {
		what: "packets",
		count: frames.length,
		send: async () => checkSent(await client.call("packet_send", { ...sender, frames })),
	};
}

/** Calls of a process in a cgroup. */
export function callsIn({ client }: Guest, hook: CgroupHook, cgroup: string): LiveTraffic {
	const each = socketCalls(hook, client.littleEndian);
	const steps = each.flatMap(({ calls }) => calls);
	return {
		what: "calls",
		count: each.length,
		async send() {
			const made = await client.call("socket_traffic", { cgroup, wait_ms: 100, steps });
			checkSockets(made.steps, steps);
		},
	};
}

/** How many looks at a counter that should have risen: deliveries are asynchronous. */
const looks = 25;

/**
 * How often programs ran while traffic passed the hook. Statistics must be on (`countRuns`). A
 * program that `all` of the traffic met is waited for; nothing shows that one will not run, so that
 * of those the count after the last look is taken.
 */
export async function runsDuring(
	{ client }: Guest,
	traffic: LiveTraffic,
	programs: readonly Held[],
): Promise<number[]> {
	const counts = () => Promise.all(programs.map((program) => runCount(client, program)));
	const before = await counts();
	await traffic.send();
	let met: number[] = [];
	for (let look = 0; look < looks; look++) {
		const after = await counts();
		met = after.map((count, index) => count - before[index]!);
		if (met.every((count) => count >= traffic.count)) break;
	}
	return met;
}
