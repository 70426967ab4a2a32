// SPDX-License-Identifier: Apache-2.0

import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openPackage, type Package } from "../data/package/package.js";
import { type PreparedVector, suiteOf } from "../data/vectors/suite.js";
import { judge } from "../lab/subject/session/judgement.js";
import { VectorSession } from "../lab/subject/session/vector-session.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Machines } from "../machine/vm/machine.js";
import { PinnedProgram } from "./bpftool.js";
import { type Figure, inTurn, median, rounded } from "./figure.js";

const frameBytes = 64;
const slots = 16;

/** A frame of an experimental EtherType, another for each index; the last byte is the counter. */
function frame(index: number): Uint8Array {
	const bytes = Buffer.alloc(frameBytes);
	bytes.writeUInt16BE(0x88b5, 12);
	bytes.writeUInt32BE(index, 14);
	bytes[frameBytes - 1] = index % 256;
	return bytes;
}

/** `counter.bpf.c` with `count` vectors; each expects a verdict, a packet and a counter. */
async function counterPackage(count: number): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-bench-"));
	try {
		const source = join(folder, "counter.bpf.c");
		await copyFile("harness/bench/counter.bpf.c", source);
		await execa("programs/build", [source]);
		const vectors = Array.from({ length: count }, (_, index) => ({
			name: `frame-${index}`,
			packet: { hex: Buffer.from(frame(index)).toString("hex") },
			expect: {
				retval: index % 2 === 1 ? "XDP_DROP" : "XDP_PASS",
				packet: "unchanged",
				maps_after: { counters: { exact: { [String((index % 256) % slots)]: 1 } } },
			},
		}));
		await writeFile(join(folder, "counter.json"), JSON.stringify({ vectors }));
		const manifest = {
			name: "counter",
			version: "1",
			objects: ["counter.bpf.o"],
			vectors: ["counter.json"],
		};
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

const turns = 5;
const many = 5000;
const few = 20;
const program = "count";

/** Vectors per second, beside a `bpftool prog run` for each, and bytes on the channel for each. */
export async function vectorFigures(machines: Machines, kernel: Kernel): Promise<Figure[]> {
	const { vectors, invalid } = suiteOf(await counterPackage(many));
	const [first] = vectors;
	if (!first || invalid.length > 0) throw new Error("the vectors of the benchmark are invalid");
	const guest = await machines.clone(kernel);
	try {
		const { client } = guest;
		const session = await VectorSession.open(guest, first.subject, [program]);
		await replay(session, vectors);
		const before = { ...client.traffic };
		await replay(session, vectors);
		const bytes = (side: "sent" | "received") =>
			Math.round((client.traffic[side] - before[side]) / vectors.length);
		const [toGuest, toHost] = [bytes("sent"), bytes("received")];
		const pinned = await PinnedProgram.of(session, program);
		const rates = await inTurn(
			turns,
			() => replay(session, vectors),
			() => spawn(pinned),
		);
		const [batched, spawned] = [median(rates.a), median(rates.b)];
		await pinned.remove();
		await session.close();
		const how = `median of ${turns} in turn with the other side, kernel ${kernel.id}, template warm`;
		return [
			{
				name: `vectors/${kernel.id}`,
				value: rounded(batched),
				unit: "vectors/s",
				against: "a bpftool process for each",
				ratio: rounded(batched / spawned),
				how: `${how}: ${many} vectors of ${frameBytes}-byte frames through one XDP program, on the host from the prepared vector to the comparison of verdict, packet and a map of 16 counters; the map is read after each vector, restored and read again; other side: ${few} times \`bpftool prog run\` of the same program and frame in the same guest, without comparing or restoring, from writing the frame into a file of the guest to the end of the process`,
			},
			{
				name: `vector-channel/${kernel.id}`,
				value: toGuest + toHost,
				unit: "bytes/vector",
				against: "",
				ratio: 0,
				how: `${toGuest} to the guest and ${toHost} back, frames and envelopes counted, mean of ${many} vectors of ${frameBytes}-byte frames in batches`,
			},
		];
	} finally {
		await guest.dispose();
	}
}

/** Vectors per second. Throws when a vector does not pass. */
async function replay(session: VectorSession, vectors: readonly PreparedVector[]): Promise<number> {
	const started = performance.now();
	let done = 0;
	for await (const run of session.runEach(vectors)) {
		const vector = vectors[done++];
		const wrong = vector && judge(vector, run).mismatches;
		if (!wrong || wrong.length > 0 || run.spoilt) throw new Error(`${vector?.case}: ${wrong?.join()}`);
	}
	if (done !== vectors.length) throw new Error(`${done} of ${vectors.length} vectors were run`);
	return perSecond(done, started);
}

async function spawn(pinned: PinnedProgram): Promise<number> {
	const frames = Array.from({ length: few }, (_, index) => frame(index));
	const started = performance.now();
	for (const each of frames) await pinned.run(each);
	const rate = perSecond(few, started);
	await pinned.forget();
	return rate;
}

const perSecond = (count: number, started: number) => (count / (performance.now() - started)) * 1000;
