// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { writePcapng } from "../harness/capture/write.js";
import { build } from "../harness/packet/build.js";
import type { Layers } from "../harness/packet/layers.js";

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

interface Frame {
	comment: string;
	layers: Layers;
}

/** The captures that vector files of example packages take frames from, and what was on the wire. */
const captures: Record<string, Frame[]> = {
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
			layers: from({ ...client, ip: "203.0.113.9" }, server, [{ tcp: { dport: 443, flags: ["syn"] } }]),
		},
		{
			comment: "who has the server's address?",
			layers: [
				{ eth: { src: client.mac, dst: "ff:ff:ff:ff:ff:ff" } },
				{ arp: { sha: client.mac, spa: client.ip, tpa: server.ip } },
			],
		},
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
		{
			comment: "who has the server's address?",
			layers: [
				{ eth: { src: client.mac, dst: "ff:ff:ff:ff:ff:ff" } },
				{ arp: { sha: client.mac, spa: client.ip, tpa: server.ip } },
			],
		},
		{ comment: "a connection is opened", layers: web({ flags: ["syn"], options: [{ mss: 1460 }] }) },
		{
			comment: "the same over IPv6",
			layers: [
				{ eth: { src: client.mac, dst: server.mac } },
				{ ipv6: { src: "2001:db8::c", dst: "2001:db8::5" } },
				{ tcp: { sport: ephemeral, dport: 443, flags: ["syn"], options: [{ mss: 1440 }] } },
			],
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
};

/** `BPFGATE_WRITE_CAPTURES=1 npx vitest run programs/captures` writes them anew. */
test.each(Object.entries(captures))("%s has the frames written here", async (file, frames) => {
	const path = new URL(file, import.meta.url);
	const bytes = writePcapng(
		frames.map(({ comment, layers }) => ({ bytes: build(layers), comments: [comment] })),
	);
	if (process.env.BPFGATE_WRITE_CAPTURES === "1") await writeFile(path, bytes);
	expect(Buffer.from(await readFile(path)).equals(bytes)).toBe(true);
});
