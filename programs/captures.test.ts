// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { writePcapng } from "../harness/capture/write.js";
import { build } from "../harness/packet/build.js";
import type { Layers } from "../harness/packet/layers.js";

const client = { mac: "02:00:00:00:00:0c", ip: "198.51.100.12", port: 40000 };
const server = { mac: "02:00:00:00:00:05", ip: "198.51.100.5", port: 23 };

function segment(from: typeof client, to: typeof client, tcp: Record<string, unknown>): Layers {
	return [
		{ eth: { src: from.mac, dst: to.mac } },
		{ ipv4: { src: from.ip, dst: to.ip } },
		{ tcp: { sport: from.port, dport: to.port, ...tcp } },
	];
}

/** The captures that vector files of example packages take frames from, and what was on the wire. */
const captures: Record<string, { comment: string; layers: Layers }[]> = {
	"xdp-filter/vectors/telnet.pcapng": [
		{
			comment: "the client opens a TELNET connection",
			layers: segment(client, server, { seq: 1000, flags: ["syn"], options: [{ mss: 1460 }] }),
		},
		{
			comment: "the server answers",
			layers: segment(server, client, {
				seq: 5000,
				ack_seq: 1001,
				flags: ["syn", "ack"],
				options: [{ mss: 1460 }],
			}),
		},
		{
			comment: "the client confirms",
			layers: segment(client, server, { seq: 1001, ack_seq: 5001, flags: ["ack"] }),
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
