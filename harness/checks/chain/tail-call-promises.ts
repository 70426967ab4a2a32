// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { type LoadedObject, loadObject, type Refusal } from "../../lab/subject/load/load-object.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";
import { slotUpdate } from "./hook-list.js";
import type { KernelPromise } from "./mechanism.js";

/** Whoever it may concern. */
export type TailCallPromise = Omit<KernelPromise, "concerns">;

/** Programs of `bpf/tail-call-promises.bpf.c` that are run on one packet. */
interface Run {
	name: string;
	promise: string;
	/**
	 * The program that the packet meets first; how far it gets is counted by the programs
	 * themselves.
	 */
	entry: string;
	/** What stands in slot 0. */
	slots?: { slots?: string; other_slots?: string };
	/** The slot that `computed` calls. */
	slot?: number;
	/** With a program of type fentry on the function `call_slot` of what stands in `slots`. */
	traced?: true;
	expected: Seen;
}

interface Seen {
	/** What the entry program returned. */
	returned: number;
	/**
	 * Runs of the program in `slots`, of that in `other_slots`, of the traced function; 0 unless
	 * given.
	 */
	runs?: number;
	others?: number;
	traced?: number;
}

/** A program that the verifier refuses. */
interface Fault {
	name: string;
	promise: string;
	refused: string;
	/** As much like it as can be, and right: where this one is refused too, it says nothing. */
	taken: string;
	/** What the verifier says, of old kernels and new. */
	says: RegExp;
	/**
	 * There are kernels that write a warning of their own defect into their log, for which the
	 * package would be blamed.
	 */
	loud?: true;
}

/** MAX_TAIL_CALL_CNT of include/linux/bpf.h, and the first run, which no tail call has led to. */
const all = 33 + 1;

/**
 * Kernel: tools/testing/selftests/bpf/prog_tests/tailcalls.c tells which of these have been broken
 * before.
 */
const runs: readonly Run[] = [
	{
		name: "limit",
		promise: "33 tail calls follow one another, and the 34th goes on behind the call",
		...{ entry: "direct", slots: { slots: "direct" } },
		expected: { returned: 1, runs: all },
	},
	{
		name: "limit-of-computed-slots",
		promise: "33 tail calls follow one another, too, when the slot is known at run time only",
		...{ entry: "computed", slots: { slots: "computed" } },
		expected: { returned: 1, runs: all },
	},
	{
		name: "empty-slot",
		promise: "a tail call into an empty slot goes on behind the call",
		entry: "direct",
		expected: { returned: 1, runs: 1 },
	},
	{
		name: "slot-beyond",
		promise: "a tail call into a slot that the array has not got goes on behind the call",
		...{ entry: "computed", slots: { slots: "computed" }, slot: 1 },
		expected: { returned: 1, runs: 1 },
	},
	{
		name: "limit-by-function",
		promise:
			"tail calls out of a function are counted on: 33, each of which comes back to the function's caller, whose stack is as it was",
		...{ entry: "by_function", slots: { slots: "by_function" } },
		expected: { returned: all, runs: all },
	},
	{
		name: "return-by-function",
		promise:
			"a function that makes a tail call gives what the called program returned, whatever it would give itself",
		...{ entry: "by_constant_function", slots: { slots: "direct" } },
		expected: { returned: 2, runs: all - 1 },
	},
	{
		name: "limit-into-function",
		promise: "tail calls out of a function are counted together with those before, which were not",
		...{ entry: "into_function", slots: { slots: "by_function" } },
		expected: { returned: all - 1, runs: all - 1 },
	},
	{
		name: "limit-by-two-functions",
		promise: "what the tail calls out of one function have used up is used up for the next function as well",
		...{ entry: "by_two_functions", slots: { slots: "by_two_functions" } },
		expected: { returned: 1, runs: all },
	},
	{
		name: "limit-of-branches",
		promise: "of two functions, each calling another program, the first may use up all 33 tail calls",
		...{ entry: "by_branches", slots: { slots: "by_function", other_slots: "other_branch" } },
		expected: { returned: 1, runs: all - 1 },
	},
	{
		name: "limit-of-traced-function",
		promise: "tail calls out of a function that fentry watches are counted like others",
		...{ entry: "by_function", slots: { slots: "by_function" }, traced: true },
		expected: { returned: all, runs: all, traced: all },
	},
	{
		name: "beside-callback",
		promise: "a program with a callback may make tail calls outside of it",
		...{ entry: "beside_callback", slots: { slots: "beside_callback" } },
		expected: { returned: 1, runs: all },
	},
];

const faults: readonly Fault[] = [
	{
		name: "deep-stack",
		promise: "a function with more than 256 bytes of stack above it makes no tail calls",
		...{ refused: "deep_stack", taken: "by_function", says: /tail_calls are not allowed/ },
	},
	{
		name: "in-callback",
		promise: "a callback makes no tail calls",
		...{ refused: "in_callback", taken: "beside_callback", says: /tail[_ ]call/ },
		// 6.18: "verifier bug: callback unexpected regs".
		loud: true,
	},
	{
		name: "under-lock",
		promise: "no tail call is made with a spin lock held",
		...{ refused: "under_lock", taken: "after_lock", says: /lock/ },
	},
	{
		name: "with-reference",
		promise: "no tail call is made with a reference to a socket held",
		...{ refused: "with_reference", taken: "without_reference", says: /reference/ },
	},
];

const path = "/run/bpfgate-tail-call-promises.bpf.o";
const seenMap = ".bss.seen";
/** struct seen of tail-call-promises.bpf.c: runs, other_runs, traced, slot, each of 32 bits. */
const seenBytes = 16;
const slotAt = 12;
/** An Ethernet frame without anything in it. */
const packet = new Uint8Array(64);
const firstKey = new Uint8Array(4);

/**
 * Tries what kernels promise of tail calls, alone and mixed with calls of functions, with bpfgate's
 * own programs in test runs. No program runs away, whatever the kernel has forgotten to count.
 *
 * @param loud also what brings a warning into the log of some kernels
 * @throws UndecidedError `not-built`
 */
export async function tailCallPromises(guest: Guest, loud = false): Promise<TailCallPromise[]> {
	const { client, kernel } = guest;
	await client.call("file_write", { path, data: await bpfObject(kernel.arch, "tail-call-promises") });
	const names = new Set(["of_another_type", ...faults.map(({ taken }) => taken)]);
	for (const { entry, slots = {} } of runs)
		for (const name of [entry, ...Object.values(slots)]) names.add(name);
	const loaded = await load(client, [...names]);
	try {
		const found: TailCallPromise[] = [];
		for (const run of runs) found.push(await tried(guest, loaded, run));
		for (const fault of faults) if (loud || !fault.loud) found.push(await refused(client, loaded, fault));
		return [...found, await otherType(guest, loaded)];
	} finally {
		if (loaded.handle !== undefined) await client.call("object_close", { object: loaded.handle });
		await client.call("file_remove", { path });
	}
}

async function tried(guest: Guest, { handle, refused }: LoadedObject, run: Run): Promise<TailCallPromise> {
	const { name, promise, entry, slots = {}, expected } = run;
	const answer = { name, promise, expected: worded(expected) };
	for (const program of [entry, ...Object.values(slots)]) {
		const refusal = refused.get(program);
		if (refusal) return { ...answer, found: "refused", lack: told(program, refusal) };
	}
	if (handle === undefined) throw new Error("the kernel takes none of the programs and says nothing of any");
	const undo: (() => Promise<unknown>)[] = [];
	const { client } = guest;
	try {
		for (const [map, program] of Object.entries(slots)) {
			await fill(guest, handle, map, program);
			undo.push(() => client.call("map_delete", { object: handle, map, keys: [firstKey] }));
		}
		let tracer: number | undefined;
		if (run.traced) {
			const watch = await load(client, ["before_call_slot"], { object: handle, program: entry });
			const refusal = watch.refused.get("before_call_slot");
			if (refusal) return { ...answer, found: "refused", lack: told("before_call_slot", refusal) };
			const object = watch.handle!;
			tracer = object;
			undo.push(() => client.call("object_close", { object }));
			const attached = { object, program: "before_call_slot", hook: "auto" };
			const { link } = await client.call("attach", attached);
			undo.push(() => client.call("detach", { link }));
		}
		await reset(guest, handle, run.slot ?? 0);
		const { runs: results } = await client.call("test_run", {
			...{ object: handle, program: entry, runs: [{ data_in: packet, repeat: 1 }] },
		});
		const [result] = results;
		if (result?.errno !== 0)
			return { ...answer, found: `the test run gave ${errnoName(result?.errno ?? 0)}` };
		const counted = await counts(guest, handle);
		const traced = tracer === undefined ? 0 : (await counts(guest, tracer)).traced;
		return { ...answer, found: worded({ ...counted, returned: result.retval | 0, traced }) };
	} finally {
		for (const step of undo.reverse()) await step();
	}
}

async function refused(client: GuestClient, right: LoadedObject, fault: Fault): Promise<TailCallPromise> {
	const { name, promise, says } = fault;
	const answer = { name, promise, expected: "refused" };
	const refusal = right.refused.get(fault.taken);
	if (refusal) return { ...answer, found: "refused", lack: told(fault.taken, refusal) };
	const wrong = await load(client, [fault.refused]);
	const said = wrong.refused.get(fault.refused);
	if (said) return { ...answer, found: says.test(said.verifierLog) ? "refused" : told(fault.refused, said) };
	await client.call("object_close", { object: wrong.handle! });
	return { ...answer, found: "taken" };
}

/** An array belongs to the type of the first program that has to do with it. */
async function otherType(guest: Guest, { handle, refused }: LoadedObject): Promise<TailCallPromise> {
	const answer = {
		...{ name: "other-type", promise: "an array that tc programs call takes no XDP program" },
		expected: "direct: taken, of_another_type: EINVAL",
	};
	const found: string[] = [];
	for (const program of ["direct", "of_another_type"]) {
		const refusal = refused.get(program);
		if (refusal) return { ...answer, found: "refused", lack: told(program, refusal) };
		const update = slotUpdate(guest, { handle: handle!, map: "slots" }, 0, { handle: handle!, program });
		const { errno } = await guest.client.call("bpf", update);
		found.push(`${program}: ${errno === 0 ? "taken" : errnoName(errno)}`);
	}
	return { ...answer, found: found.join(", ") };
}

/** `1 returned; 34 runs` */
function worded({ returned, runs: own = 0, others = 0, traced = 0 }: Seen): string {
	const more = [
		...(others > 0 ? [`${others} of the other program`] : []),
		...(traced > 0 ? [`${traced} seen by fentry`] : []),
	];
	return [`${returned} returned`, `${own} runs`, ...more].join("; ");
}

/** `by_function: EINVAL: tail_calls are not allowed in non-JITed programs with bpf-to-bpf calls` */
function told(program: string, { errno, verifierLog, libbpfLog }: Refusal): string {
	const lines = (verifierLog || libbpfLog).trim().split("\n");
	const last = lines.findLast(
		(line) => !/^(processed|verification time|stack depth|insns|subprog) /.test(line),
	);
	return `${program}: ${errnoName(errno)}: ${last ?? "without a word"}`;
}

function load(
	client: GuestClient,
	names: readonly string[],
	target?: { object: number; program: string },
): Promise<LoadedObject> {
	const aim = target && { target: { ...target, function: "call_slot" } };
	return loadObject(client, { path, programs: names.map((name) => ({ name, ...aim })) }, names);
}

async function fill(guest: Guest, object: number, map: string, program: string): Promise<void> {
	const update = slotUpdate(guest, { handle: object, map }, 0, { handle: object, program });
	const { errno } = await guest.client.call("bpf", update);
	if (errno !== 0) throw new Error(`${map} does not take ${program}: ${errnoName(errno)}`);
}

async function counts(
	guest: Guest,
	object: number,
): Promise<{ runs: number; others: number; traced: number }> {
	const { entries } = await guest.client.call("map_dump", { object, map: seenMap });
	const { buffer, byteOffset } = entries[0]!.value;
	const word = (index: number) =>
		new DataView(buffer, byteOffset).getUint32(index * 4, guest.client.littleEndian);
	return { runs: word(0), others: word(1), traced: word(2) };
}

/** Nothing was seen yet, and `computed` calls this slot. */
async function reset(guest: Guest, object: number, slot: number): Promise<void> {
	const value = new Uint8Array(seenBytes);
	new DataView(value.buffer).setUint32(slotAt, slot, guest.client.littleEndian);
	const entries = [{ key: firstKey, value }];
	const { errnos } = await guest.client.call("map_write", { object, map: seenMap, entries });
	if (errnos[0] !== 0) throw new Error(`${seenMap} cannot be written: ${errnoName(errnos[0] ?? 0)}`);
}
