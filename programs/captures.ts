// SPDX-License-Identifier: Apache-2.0
import type { Layers } from "../harness/data/packet/layers.js";

interface Host {
	mac: string;
	ip: string;
}
const client: Host = { mac: "02:00:00:00:00:0c", ip: "198.51.100.12" };
const server: Host = { mac: "02:00:00:00:00:05", ip: "198.51.100.5" };

/** A packet of IPv4 from one host to another; `ipv4` are fields of its header. */
function from(source: Host, to: Host, behind: Layers, ipv4: object = {}): Layers {
	return [
		{ eth: { src: source.mac, dst: to.mac } },
		{ ipv4: { src: source.ip, dst: to.ip, ...ipv4 } },
		...behind,
	];
}

const telnet = 23;
const ephemeral = 40000;
const toServer = (tcp: object) =>
	from(client, server, [{ tcp: { sport: ephemeral, dport: telnet, ...tcp } }]);
const toClient = (tcp: object) =>
	from(server, client, [{ tcp: { sport: telnet, dport: ephemeral, ...tcp } }]);
const web = (tcp: object) => from(client, server, [{ tcp: { sport: ephemeral, dport: 443, ...tcp } }]);

/** Expedited forwarding (RFC 3246), as the first byte behind version and length. */
const expedited = 46 << 2;
const rtp = (number: number) =>
	`8000 ${number.toString(16).padStart(4, "0")} ${(number * 160).toString(16).padStart(8, "0")} 0badcafe ${"d5".repeat(160)}`;
const voice = (number: number): Layers => [{ udp: { sport: 16384, dport: 16386 } }, { payload: rtp(number) }];
/** A query of RFC 1035 for the address of example.net. */
const query = "2a17 0100 0001 0000 0000 0000 07 6578616d706c65 03 6e6574 00 0001 0001";

/** A frame of a capture. */
export interface Frame {
	comment: string;
	layers: Layers;
}

const arp: Layers = [
	{ eth: { src: client.mac, dst: "ff:ff:ff:ff:ff:ff" } },
	{ arp: { sha: client.mac, spa: client.ip, tpa: server.ip } },
];
const from6 = (behind: Layers, ipv6: object = {}): Layers => [
	{ eth: { src: client.mac, dst: server.mac } },
	{ ipv6: { src: "2001:db8::c", dst: "2001:db8::5", ...ipv6 } },
	...behind,
];
const bgp = 179;
const toBgp = (source: Host, ttl: number, tcp: object): Layers =>
	from(source, server, [{ tcp: { sport: ephemeral, dport: bgp, ...tcp } }], { ttl });
/** "Lower effort" (RFC 3662). */
const bulk = 8 << 2;
const probe = (number: number, ttl: number) =>
	from(
		client,
		server,
		[{ udp: { sport: ephemeral, dport: 33433 + number } }, { payload: { length: 32, byte: 0x40 } }],
		{ ttl },
	);
/**
 * An answer of memcached in UDP: request 0, the first of one datagram; its text is longer than the
 * request was.
 */
const memcached: Layers = [
	{ udp: { sport: 11211, dport: ephemeral } },
	{ payload: "0000 0000 0001 0000 5354415420706964203120 0d0a 454e44 0d0a" },
];
const metadataService: Host = { ...server, ip: "169.254.169.254" };
const toMetadata = (tcp: object) =>
	from(client, metadataService, [{ tcp: { sport: ephemeral, dport: 80, ...tcp } }]);
const stranger: Host = { ...client, ip: "203.0.113.9" };
const datagram = (source: Host, text: string) =>
	from(source, server, [{ udp: { sport: ephemeral, dport: 4000 } }, { payload: { text } }]);

/**
 * The captures that vector files of example packages take frames from, and what was on the wire.
 */
export const captures: Record<string, Frame[]> = {
	"xdp-filter/vectors/telnet.pcapng": [
		{
			comment: "the client opens a TELNET connection",
			layers: toServer({ seq: 1000, flags: ["syn"], options: [{ mss: 1460 }] }),
		},
		{
			comment: "the server answers",
			layers: toClient({ seq: 5000, ack_seq: 1001, flags: ["syn", "ack"], options: [{ mss: 1460 }] }),
		},
		{ comment: "the client confirms", layers: toServer({ seq: 1001, ack_seq: 5001, flags: ["ack"] }) },
	],
	"tc-marker/vectors/call.pcapng": [
		{
			comment: "a call is set up, best effort",
			layers: from(client, server, [{ udp: { sport: 5060, dport: 5060 } }, { payload: { text: "INVITE" } }]),
		},
		{ comment: "voice, expedited", layers: from(client, server, voice(1), { tos: expedited }) },
		{ comment: "voice, expedited", layers: from(client, server, voice(2), { tos: expedited }) },
		{
			comment: "voice that met congestion on its way (ECN 3)",
			layers: from(client, server, voice(3), { tos: expedited | 3 }),
		},
	],
	"xdp-chain/vectors/burst.pcapng": [
		{ comment: "from an allowed source", layers: web({ seq: 1, flags: ["syn"] }) },
		{
			comment: "from a stranger",
			layers: from(stranger, server, [{ tcp: { dport: 443, flags: ["syn"] } }]),
		},
		{ comment: "who has the server's address?", layers: arp },
		{ comment: "from an allowed source", layers: web({ seq: 2, flags: ["ack"] }) },
	],
	"netfilter-guard/vectors/tunnels.pcapng": [
		{
			comment: "a query, in GRE",
			layers: from(client, server, [
				{ gre: {} },
				{ ipv4: { src: "10.0.0.1", dst: "10.0.0.2" } },
				{ udp: { sport: ephemeral, dport: 53 } },
				{ payload: query },
			]),
		},
		{
			comment: "the same, in IPIP",
			layers: from(client, server, [
				{ ipv4: { src: "10.0.0.1", dst: "10.0.0.2" } },
				{ udp: { sport: ephemeral, dport: 53 } },
				{ payload: query },
			]),
		},
		{
			comment: "the same, in no tunnel",
			layers: from(client, server, [{ udp: { sport: ephemeral, dport: 53 } }, { payload: query }]),
		},
	],
	"tcx-accounting/vectors/mixed.pcapng": [
		{ comment: "who has the server's address?", layers: arp },
		{ comment: "a connection is opened", layers: web({ flags: ["syn"], options: [{ mss: 1460 }] }) },
		{
			comment: "the same over IPv6",
			layers: from6([{ tcp: { sport: ephemeral, dport: 443, flags: ["syn"], options: [{ mss: 1440 }] } }]),
		},
		{
			comment: "data",
			layers: web({ seq: 1, flags: ["ack", "psh"] }).concat([{ payload: { text: "hello" } }]),
		},
	],
	"cgroup-connect-guard/vectors/resolver.pcapng": [
		{
			comment: "a query to the resolver that is meant",
			layers: from(client, server, [{ udp: { sport: ephemeral, dport: 53 } }, { payload: query }]),
		},
		{
			comment: "the same past it",
			layers: from(client, { ...server, ip: "203.0.113.53" }, [
				{ udp: { sport: ephemeral, dport: 53 } },
				{ payload: query },
			]),
		},
	],
	"xdp-tools/vectors/web.pcapng": [
		{ comment: "a connection is opened", layers: web({ seq: 1000, flags: ["syn"] }) },
		{
			comment: "the server answers",
			layers: from(server, client, [
				{ tcp: { sport: 443, dport: ephemeral, seq: 5000, ack_seq: 1001, flags: ["syn", "ack"] } },
			]),
		},
		{
			comment: "a query for its name",
			layers: from(client, server, [{ udp: { sport: ephemeral, dport: 53 } }, { payload: query }]),
		},
	],
	"chain-dispatcher/vectors/traceroute.pcapng": [
		{ comment: "a probe that ends here", layers: probe(1, 1) },
		{ comment: "the next, which gets one router further", layers: probe(2, 2) },
		{ comment: "a connection is opened", layers: web({ seq: 1, flags: ["syn"] }) },
		{
			comment: "a probe that says it is longer than it came",
			layers: from(client, server, [{ udp: { sport: ephemeral, dport: 33436 } }], { ttl: 3, tot_len: 1400 }),
		},
	],
	"chain-l3af/vectors/scan.pcapng": [
		{ comment: "a connection is opened", layers: web({ seq: 1, flags: ["syn"] }) },
		{
			comment: "a scanner's segment, SYN and FIN",
			layers: from(stranger, server, [{ tcp: { sport: ephemeral, dport: 443, flags: ["syn", "fin"] } }]),
		},
		{ comment: "an unsolicited answer of memcached", layers: from(stranger, server, memcached) },
		{ comment: "who has the server's address?", layers: arp },
	],
	"chain-netkit/vectors/pod.pcapng": [
		{ comment: "the pod opens a connection", layers: web({ seq: 1, flags: ["syn"] }) },
		{
			comment: "a query over IPv6",
			layers: from6([{ udp: { sport: ephemeral, dport: 53 } }, { payload: query }]),
		},
		{
			comment: "mail, past the relay",
			layers: from(client, server, [{ tcp: { sport: ephemeral, dport: 25, flags: ["syn"] } }]),
		},
		{
			comment: "from an unassigned address",
			layers: from({ ...client, ip: "224.0.0.5" }, server, [
				{ udp: { sport: ephemeral, dport: 53 } },
				{ payload: query },
			]),
		},
	],
	"chain-tc/vectors/classes.pcapng": [
		{ comment: "voice, expedited", layers: from(client, server, voice(1), { tos: expedited }) },
		{
			comment: "bulk, lower effort, and long",
			layers: from(
				client,
				server,
				[{ udp: { sport: ephemeral, dport: 9000 } }, { payload: { length: 1400, seed: 1 } }],
				{ tos: bulk },
			),
		},
		{
			comment: "bulk, and short",
			layers: from(
				client,
				server,
				[{ udp: { sport: ephemeral, dport: 9000 } }, { payload: { text: "end" } }],
				{
					tos: bulk,
				},
			),
		},
		{ comment: "best effort", layers: web({ seq: 1, flags: ["syn"] }) },
	],
	"chain-tcx/vectors/arrivals.pcapng": [
		{ comment: "who has the server's address?", layers: arp },
		{
			comment: "the client opens a TELNET connection",
			layers: toServer({ seq: 1000, flags: ["syn"], options: [{ mss: 1460 }] }),
		},
		{
			comment: "voice over IPv6, expedited",
			layers: from6(voice(1), { tclass: expedited }),
		},
		{
			comment: "a query, best effort",
			layers: from(client, server, [{ udp: { sport: ephemeral, dport: 53 } }, { payload: query }]),
		},
	],
	"token-tc/vectors/bgp.pcapng": [
		{ comment: "the next hop opens a session", layers: toBgp(client, 255, { seq: 1, flags: ["syn"] }) },
		{
			comment: "a forged reset, 15 hops away",
			layers: toBgp(client, 240, { seq: 2, flags: ["rst"] }),
		},
		{
			comment: "the next hop: KEEPALIVE",
			layers: toBgp(client, 255, { seq: 2, ack_seq: 1, flags: ["ack", "psh"] }).concat([
				{ payload: `${"ff".repeat(16)} 0013 04` },
			]),
		},
		{ comment: "a connection to another port, from afar", layers: web({ seq: 1, flags: ["syn"] }) },
	],
	"token-xdp/vectors/answers.pcapng": [
		{ comment: "an unsolicited answer of memcached", layers: from(stranger, server, memcached) },
		{
			comment: "an answer of a resolver",
			layers: from(stranger, server, [{ udp: { sport: 53, dport: ephemeral } }, { payload: query }]),
		},
		{ comment: "memcached again", layers: from(stranger, server, memcached) },
		{ comment: "who has the server's address?", layers: arp },
	],
	"token-cgroup/vectors/credentials.pcapng": [
		{ comment: "a connection to the metadata service", layers: toMetadata({ seq: 1, flags: ["syn"] }) },
		{
			comment: "a query to a resolver",
			layers: from(client, server, [{ udp: { sport: ephemeral, dport: 53 } }, { payload: query }]),
		},
		{ comment: "the metadata service once more", layers: toMetadata({ seq: 1, flags: ["syn"] }) },
	],
	"signed-filter/vectors/burst.pcapng": [
		{ comment: "the first datagram of a burst", layers: datagram(client, "one") },
		{ comment: "the second, the last that the quota has room for", layers: datagram(client, "two") },
		{ comment: "one from another source", layers: datagram(stranger, "mine") },
		{ comment: "the third, above the quota", layers: datagram(client, "three") },
		{ comment: "a connection, which no quota is for", layers: web({ seq: 1, flags: ["syn"] }) },
	],
};
