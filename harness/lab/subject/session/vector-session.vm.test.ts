// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PreparedVector, suiteOf } from "../../../data/vectors/suite.js";
import { agentPath } from "../../../machine/guest/build.js";
import { openKernel } from "../../../machine/kernel/store.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { Machines } from "../../../machine/vm/machine.js";
import { judge } from "./judgement.js";
import { compiled } from "./testsession.js";
import { VectorSession } from "./vector-session.js";

const source = join(import.meta.dirname, "testdata/forgetful.bpf.c");
let guest: Guest;

beforeAll(async () => {
	guest = await new Machines({ agent: agentPath }).clone(await openKernel("6.12"));
});
afterAll(() => guest.dispose());

/** Vectors that find what they put into the map, and nothing of one another's. */
async function vectorsOf(count: number, defines: string[] = []): Promise<PreparedVector[]> {
	const vectors = Array.from({ length: count }, (_, index) => ({
		name: `v${index}`,
		...(index % 3 === 1 ? { maps_before: { counters: { 0: index, 1: 100 } } } : {}),
		packet: { hex: "00".repeat(64) },
		expect: {
			retval: "XDP_PASS",
			packet: "unchanged",
			maps_after: { counters: { exact: index % 3 === 1 ? { 0: index, 1: 101 } : { 1: 1 } } },
		},
	}));
	const suite = suiteOf(await compiled("forgetful", source, JSON.stringify({ vectors }), defines));
	expect(suite.invalid).toEqual([]);
	return suite.vectors;
}

async function open([first]: readonly PreparedVector[]): Promise<VectorSession> {
	if (!first) throw new Error("no vectors");
	return VectorSession.open(guest, first.subject, ["count"]);
}

const wrong = (vectors: readonly PreparedVector[], runs: Awaited<ReturnType<VectorSession["runAll"]>>) =>
	vectors.flatMap((vector, index) => judge(vector, runs[index]!).mismatches);

it("has the same results for many vectors in a request as for one", async () => {
	const vectors = await vectorsOf(600);
	const session = await open(vectors);
	const runs = await session.runAll(vectors);
	expect(wrong(vectors, runs)).toEqual([]);
	expect(session.pending).toBe(0);
	const facts = (list: typeof runs) => vectors.map((vector, index) => judge(vector, list[index]!).actual);
	const singly: typeof runs = [];
	for (const vector of vectors) singly.push(await session.run(vector));
	expect(facts(singly)).toEqual(facts(runs));
	expect(facts(runs)[1]).toEqual({ retval: "XDP_PASS", packet: "unchanged", "maps/counters[1]": 101 });
	expect(runs.some(({ spoilt }) => spoilt)).toBe(false);
	await session.close();
});

it("sends few requests, and reads the content of each map once", async () => {
	const vectors = await vectorsOf(600);
	const session = await open(vectors);
	const asked: string[] = [];
	const call = guest.client.call.bind(guest.client);
	guest.client.call = (op, args) => {
		asked.push(op);
		return call(op, args);
	};
	try {
		await session.runAll(vectors);
		await session.runAll(vectors);
	} finally {
		guest.client.call = call;
	}
	expect(asked.filter((op) => op === "replay").length).toBe(6);
	expect(asked.filter((op) => op === "map_dump").length).toBe(1);
	await session.close();
});

it("loads the object again after each vector that cannot be reset", async () => {
	const vectors = await vectorsOf(9, ["TIMER"]);
	const session = await open(vectors);
	const first = session.loaded.handle;
	const runs = await session.runAll(vectors);
	expect(wrong(vectors, runs)).toEqual([]);
	expect(runs.map(({ spoilt }) => spoilt)).toEqual(vectors.map(() => true));
	expect(session.loaded.handle).not.toBe(first);
	await session.close();
	const { programs } = await guest.client.call("inventory", { settle: true });
	expect(programs).toEqual([]);
});

it("can be stopped in the middle", async () => {
	const vectors = await vectorsOf(600);
	const session = await open(vectors);
	for await (const run of session.runEach(vectors)) {
		expect(run.steps.length).toBe(1);
		break;
	}
	expect(wrong(vectors.slice(0, 3), await session.runAll(vectors.slice(0, 3)))).toEqual([]);
	await session.close();
});
