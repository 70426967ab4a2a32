// SPDX-License-Identifier: Apache-2.0

import { type PreparedVector, suiteOf } from "../data/vectors/suite.js";
import { judge } from "../lab/subject/session/judgement.js";
import { VectorSession } from "../lab/subject/session/vector-session.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Machines } from "../machine/vm/machine.js";
import { PinnedProgram } from "./bpftool.js";
import { type Figure, inTurn, median, rounded } from "./figure.js";
import { counterPackage, frame, frameBytes } from "./vector-package.js";

const turns = 5;
const many = 5000;
const few = 20;
const program = "count";

/**
 * Vectors per second in one guest, in batches, side by side with a process of `bpftool prog run`
 * for each in the same guest; and bytes on the channel for each vector, both ways.
 */
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

/** Runs per second with one process each. */
async function spawn(pinned: PinnedProgram): Promise<number> {
	const frames = Array.from({ length: few }, (_, index) => frame(index));
	const started = performance.now();
	for (const each of frames) await pinned.run(each);
	const rate = perSecond(few, started);
	await pinned.forget();
	return rate;
}

const perSecond = (count: number, started: number) => (count / (performance.now() - started)) * 1000;
