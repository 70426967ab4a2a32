// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { suiteOf } from "../../../data/vectors/suite.js";
import { agentPath } from "../../../machine/guest/build.js";
import { openKernel } from "../../../machine/kernel/store.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { Machines } from "../../../machine/vm/machine.js";
import { judge } from "./judgement.js";
import { compiled } from "./testsession.js";
import { VectorSession } from "./vector-session.js";

const source = join(import.meta.dirname, "testdata/large-maps.bpf.c");
const count = 65_537;
/** Of the kernel's key and value. */
const entryBytes = 12;

let guest: Guest;
beforeAll(async () => {
	guest = await new Machines({ agent: agentPath }).clone(await openKernel("6.12"));
});
afterAll(() => guest.dispose());

const numbered = Object.fromEntries(Array.from({ length: count }, (_, key) => [key, key * 3]));
const prefixes = Object.fromEntries(
	Array.from({ length: count }, (_, at) => [`10.${(at >> 8) & 255}.${at & 255}.${at >> 16}/32`, at]),
);
const packet = { hex: "00".repeat(64) };

const sum = (key: number) => key * 3 + 1;
const fills: Record<string, [fill: Record<string, unknown>, after: Record<string, unknown>]> = {
	table: [{ table: numbered }, { table: { 7: sum(7), 8: null, 9: 27, 65536: 196608, 99999: 1 } }],
	array: [{ array: numbered }, { array: { 8: 24, 65536: sum(65536) } }],
	per_cpu: [{ per_cpu: numbered }, { per_cpu: { 8: 24, 65536: sum(65536) } }],
	prefixes: [{ prefixes }, { prefixes: { "10.1.2.0/32": 258, "10.0.0.1/32": 65536 } }],
	tenants: [{ tenants: { 3: { entries: numbered } } }, { tenants: { 3: { entries: { 65536: 196608 } } } }],
};

async function vectorOf(name: string) {
	const [maps_before, maps_after] = fills[name]!;
	const vector = { name, maps_before, packet, expect: { retval: "XDP_PASS", maps_after } };
	const suite = suiteOf(await compiled("large", source, JSON.stringify({ vectors: [vector] })));
	expect(suite.invalid).toEqual([]);
	return suite.vectors[0]!;
}

async function traffic(work: () => Promise<unknown>) {
	const before = { ...guest.client.traffic };
	await work();
	const { sent, received } = guest.client.traffic;
	return { sent: sent - before.sent, received: received - before.received };
}

it.each(Object.keys(fills))("fills %s with 65,537 entries, and tells each of them once", async (name) => {
	const vector = await vectorOf(name);
	const session = await VectorSession.open(guest, vector.subject, ["change"]);
	const { sent, received } = await traffic(async () => {
		const run = await session.run(vector);
		expect(judge(vector, run).mismatches).toEqual([]);
		expect(run.spoilt).toBe(false);
	});
	// Key and value of each entry, and hardly more: no name, no length for each.
	const row = count * (name === "prefixes" || name === "per_cpu" ? 16 : entryBytes);
	expect(sent).toBeLessThan(row * 1.02);
	// An array is there before; of a map of maps the kernel has no changes.
	const told = { array: 3 * row, tenants: 2 * count * 16 }[name] ?? row * guest.greeting.cpus;
	expect(received).toBeLessThan(told * 1.1);
	await session.close();
});
