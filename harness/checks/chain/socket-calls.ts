// SPDX-License-Identifier: Apache-2.0

import type { ChainHook } from "../../data/package/sections/chain-hooks.js";
import type { Args } from "../../machine/guest/operations.js";
import { marker } from "./order-recorder.js";

export type CgroupHook = Extract<ChainHook, `cgroup_${string}`>;
type Call = Args<"socket_traffic">["steps"][number];

/** System calls of one process; one of them passes the hook. */
export interface SocketCalls {
	/** `connect(2) of a TCP socket to 127.0.0.1` */
	what: string;
	/** They close all sockets at the end, because others need the port. */
	calls: Call[];
	/** Index of the call that passes the hook. No call fails without programs on the hook. */
	watched: number;
	/** The watched call cannot be repeated on the same socket. */
	once?: true;
	/** For hooks of packets: index of the recvmsg(2) that gets the packet if none drops it. */
	received?: number;
}

/** Numbers of Linux: socket.h, in.h, tcp.h. */
const domains = { inet: 2, inet6: 10 };
const types = { TCP: 1, UDP: 2 };
const options = {
	SO_RCVBUF: { level: 1, option: 8, value: 65536 },
	IP_TOS: { level: 0, option: 1, value: 0x10 },
	TCP_NODELAY: { level: 6, option: 1, value: 1 },
};
type SocketType = keyof typeof types;

interface Family {
	domain: number;
	address: Uint8Array;
	host: string;
	name: string;
}
const inet: Family = {
	...{ domain: domains.inet, address: Buffer.from([127, 0, 0, 1]), host: "127.0.0.1", name: "IPv4" },
};
const inet6: Family = {
	...{ domain: domains.inet6, address: Buffer.from([...Array(15).fill(0), 1]), host: "::1", name: "IPv6" },
};
/** Unassigned (RFC 6335), and outside of the kernel's ephemeral range. */
const port = 7411;
const server = 0;
const client = 1;

const socket = ({ domain }: Family, type: SocketType, slot: number): Call => ({
	...{ call: "socket", socket: slot, domain, type: types[type] },
});
const closed = (...slots: number[]): Call[] => slots.map((slot) => ({ call: "close", socket: slot }));
const listening = (family: Family): Call[] => [
	socket(family, "TCP", server),
	{ call: "bind", socket: server, address: family.address, port },
	{ call: "listen", socket: server },
];

function connect(family: Family): SocketCalls[] {
	const { address, host } = family;
	const to: Call = { call: "connect", socket: client, address, port };
	return (["TCP", "UDP"] as const).map((type) => {
		const before = [...(type === "TCP" ? listening(family) : []), socket(family, type, client)];
		const what = `connect(2) of a ${type} socket to ${host}`;
		const after = closed(...(type === "TCP" ? [server] : []), client);
		const calls = [...before, to, ...after];
		return { what, calls, watched: before.length, ...(type === "TCP" ? { once: true } : {}) };
	});
}

/** bind(2) refuses a bound socket only after the hook. */
function bind(family: Family): SocketCalls[] {
	const { address, host } = family;
	return (["TCP", "UDP"] as const).map((type) => ({
		what: `bind(2) of a ${type} socket to ${host}`,
		calls: [socket(family, type, server), { call: "bind", socket: server, address, port }, ...closed(server)],
		watched: 1,
	}));
}

function sendmsg(family: Family): SocketCalls[] {
	const { address, host } = family;
	const to: Call = { call: "sendmsg", socket: client, address, port, data: Buffer.from("bpfgate") };
	return [{ what: `sendmsg(2) of UDP to ${host}`, calls: [socket(family, "UDP", client), to], watched: 1 }];
}

/** A datagram from one socket of the cgroup to another. */
function datagram(family: Family, number: number): SocketCalls {
	const { address, name } = family;
	const data = Buffer.alloc(marker.length + 4);
	data.set(marker);
	data.writeUInt32BE(number, marker.length);
	const calls: Call[] = [
		socket(family, "UDP", server),
		{ call: "bind", socket: server, address, port },
		socket(family, "UDP", client),
		{ call: "sendmsg", socket: client, address, port, data },
		{ call: "recvmsg", socket: server },
		...closed(server, client),
	];
	return { what: `a UDP packet over ${name}`, calls, watched: 3, received: 4 };
}

function option(call: "getsockopt" | "setsockopt", littleEndian: boolean): SocketCalls[] {
	return Object.entries(options).map(([name, { level, option, value }]) => {
		const data = new Uint8Array(4);
		new DataView(data.buffer).setInt32(0, value, littleEndian);
		return {
			what: `${call}(2) of ${name}`,
			calls: [socket(inet, "TCP", client), { call, socket: client, level, option, data }, ...closed(client)],
			watched: 1,
		};
	});
}

/**
 * Calls that pass a hook of the process's cgroup; packets carry the marker and their index.
 * @param littleEndian byte order of the guest
 */
export function socketCalls(hook: CgroupHook, littleEndian: boolean): SocketCalls[] {
	switch (hook) {
		case "cgroup_connect4":
			return connect(inet);
		case "cgroup_connect6":
			return connect(inet6);
		case "cgroup_bind4":
			return bind(inet);
		case "cgroup_bind6":
			return bind(inet6);
		case "cgroup_sendmsg4":
			return sendmsg(inet);
		case "cgroup_sendmsg6":
			return sendmsg(inet6);
		case "cgroup_skb_ingress":
		case "cgroup_skb_egress":
			return [datagram(inet, 0), datagram(inet6, 1)];
		case "cgroup_getsockopt":
			return option("getsockopt", littleEndian);
		case "cgroup_setsockopt":
			return option("setsockopt", littleEndian);
	}
}
