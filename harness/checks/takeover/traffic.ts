// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { runCount } from "../../machine/guest/bpf-objects.js";
import { GuestError } from "../../machine/guest/guest-error.js";
import type { Guest } from "../../machine/vm/guest.js";
import { commonPackets } from "../chain/model/chain-packets.js";
import { checkSent, type Sender } from "../chain/packet-traffic.js";
import { type CgroupHook, type SocketCalls, socketCalls } from "../chain/socket-calls.js";
import { checkSockets } from "../chain/socket-traffic.js";

type Step = SocketCalls["calls"][number];
const loopback = Buffer.from([127, 0, 0, 1]);

/** Packets or calls that pass a hook. */
export interface LiveTraffic {
	/** `packets`, `calls`, `connections` or `ticks`. */
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

/** Calls of a process that runs operations (`user_start`), in the cgroup where it is. */
export function callsOf({ client }: Guest, hook: CgroupHook, user: number): LiveTraffic {
	const each = socketCalls(hook, client.littleEndian);
	const steps = each.flatMap(({ calls }) => calls);
	return {
		what: "calls",
		count: each.length,
		async send() {
			const made = await client.as(user).call("socket_traffic", { wait_ms: 100, steps });
			checkSockets(made.steps, steps);
		},
	};
}

/** Sockets that a process opens: functions of the kernel, tracepoints and LSM hooks see that. */
export function socketsOpened({ client }: Guest): LiveTraffic {
	const count = 8;
	const pair = [{ call: "socket" as const }, { call: "close" as const }];
	const steps = Array.from({ length: count }, () => pair).flat();
	return {
		what: "calls",
		count,
		async send() {
			const made = await client.call("socket_traffic", { steps });
			checkSockets(made.steps, steps);
		},
	};
}

/**
 * Work of many kinds that may meet a program at an unknown place: sockets and packets, files, a
 * process. It does not matter whether it succeeds: the program may refuse it.
 */
export function anything({ client }: Guest): LiveTraffic {
	const path = "/run/bpfgate-traffic";
	const steps = (["cgroup_connect4", "cgroup_skb_ingress"] as const).flatMap((hook) =>
		socketCalls(hook, client.littleEndian).flatMap(({ calls }) => calls),
	);
	const work = [
		() => client.call("socket_traffic", { wait_ms: 100, steps }),
		() => client.call("file_write", { path, data: Buffer.from("bpfgate"), mode: 0o755 }),
		() => client.call("file_read", { path }),
		() => client.call("dir_list", { path: "/run" }),
		// It is no program: the kernel reads it and refuses it.
		() => client.call("command_run", { argv: [path] }),
		() => client.call("file_remove", { path }),
	];
	return {
		what: "rounds of calls",
		count: 1,
		async send() {
			for (const each of work)
				await each().catch((error: unknown) => {
					if (!(error instanceof GuestError)) throw error;
				});
		},
	};
}

/** UDP packets to sockets of 127.0.0.1 and ::1; as many of each. */
export function datagrams({ client }: Guest): LiveTraffic {
	const count = 4;
	const each = socketCalls("cgroup_skb_ingress", client.littleEndian).flatMap(({ calls }) => calls);
	const steps = Array.from({ length: count }, () => each).flat();
	return {
		what: "packets",
		count,
		async send() {
			const made = await client.call("socket_traffic", { wait_ms: 100, steps });
			checkSockets(made.steps, steps);
		},
	};
}

/** UDP packets to a port of 127.0.0.1. */
export function packetsTo({ client }: Guest, port: number): LiveTraffic {
	const count = 4;
	const packet: Step = { call: "sendmsg", address: loopback, port, data: Buffer.from("bpfgate") };
	const steps: Step[] = [{ call: "socket" }, ...Array.from({ length: count }, () => packet)];
	return {
		what: "packets",
		count,
		async send() {
			const made = await client.call("socket_traffic", { steps });
			checkSockets(made.steps, steps);
		},
	};
}

/** Connections over 127.0.0.1 whose clients ask for a congestion control by its name. */
export function connections({ client }: Guest, congestion: string): LiveTraffic {
	const count = 4;
	const [IPPROTO_TCP, TCP_CONGESTION] = [6, 13];
	const tcp: Step = { call: "socket", type: 1 };
	const steps: Step[] = [tcp, { call: "bind", address: loopback, port: 7411 }, { call: "listen" }];
	for (let socket = 1; socket <= count; socket++) {
		steps.push({ ...tcp, socket });
		const option = { level: IPPROTO_TCP, option: TCP_CONGESTION, data: Buffer.from(congestion) };
		steps.push({ call: "setsockopt", socket, ...option });
		steps.push({ call: "connect", socket, address: loopback, port: 7411 });
	}
	return {
		what: "connections",
		count,
		async send() {
			const made = await client.call("socket_traffic", { steps });
			// Without the congestion control only setsockopt fails: connections have the usual one.
			const refused = made.steps.find(({ errno }, index) => errno && steps[index]?.call !== "setsockopt");
			if (refused) throw undecided("calls-refused", { errno: errnoName(refused.errno) });
		},
	};
}

/** Time that passes: for events of a timer. */
export function passing({ client }: Guest, ms: number): LiveTraffic {
	const steps: Step[] = [
		{ call: "socket" },
		{ call: "bind", address: loopback, port: 7411 },
		{ call: "recvmsg" },
	];
	return {
		what: "ticks",
		count: 1,
		async send() {
			const made = await client.call("socket_traffic", { wait_ms: ms, steps });
			checkSockets(made.steps, steps);
		},
	};
}

/** How many of the packets XDP lets pass; those that others send count as well. */
export async function passedXdp({ client }: Guest, device: Sender, traffic: LiveTraffic): Promise<number> {
	const capture = await client.call("capture_open", { ...device, incoming: true });
	await traffic.send();
	const { packets } = await client.call("packets_read", { ...capture, quiet_ms: 50 });
	await client.call("close", capture);
	return Math.min(packets.length, traffic.count);
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
