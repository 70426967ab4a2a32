// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { slotUpdate } from "../../checks/chain/hook-list.js";
import type { KernelPromise } from "../../lab/promise.js";
import { type LoadedObject, loadObject, type Refusal } from "../../lab/subject/load/load-object.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";

/** Programs of `bpf/tail-call-promises.bpf.c` that are run on one packet. */
interface Run {
	name: string;
	promise: string;
	/** The program that the packet meets first; the programs count their runs. */
	entry: string;
	/** The programs in slot 0 of each array. */
	slots?: { slots?: string; other_slots?: string };
	/** The slot that `computed` calls. */
	slot?: number;
	/** With an fentry program on the function `call_slot` of the program in `slots`. */
	traced?: true;
	expected: Counted;
}

interface Counted {
	/** What the entry program returned. */
	returned: number;
	/** Runs of the program in `slots`, in `other_slots`, of the traced function; default 0. */
	runs?: number;
	others?: number;
	traced?: number;
}

/** A program that the verifier refuses. */
interface Fault {
	name: string;
	promise: string;
	refused: string;
	/** A similar program that is right: where it is refused too, the refusal proves nothing. */
	taken: string;
	/** The verifier's message, of old kernels and new. */
	says: RegExp;
	/** Some kernels log a warning about their own defect, so bpfgate's tests alone ask this. */
	loud?: true;
}

/** MAX_TAIL_CALL_CNT of include/linux/bpf.h, and the first run, which is no tail call. */
const all = 33 + 1;

/** Kernel: tools/testing/selftests/bpf/prog_tests/tailcalls.c shows which of these broke before. */
const runs: readonly Run[] = [
	{
		name: "limit",
		promise: "33 tail calls can follow one another, and the 34th falls through",
		...{ entry: "direct", slots: { slots: "direct" } },
		expected: { returned: 1, runs: all },
	},
	{
		name: "limit-of-computed-slots",
		promise: "33 tail calls can follow one another when the slot is computed at run time",
		...{ entry: "computed", slots: { slots: "computed" } },
		expected: { returned: 1, runs: all },
	},
	{
		name: "empty-slot",
		promise: "a tail call into an empty slot falls through",
		entry: "direct",
		expected: { returned: 1, runs: 1 },
	},
	{
		name: "slot-beyond",
		promise: "a tail call into a slot beyond the end of the array falls through",
		...{ entry: "computed", slots: { slots: "computed" }, slot: 1 },
		expected: { returned: 1, runs: 1 },
	},
	{
		name: "limit-by-function",
		promise:
			"a function can make 33 tail calls in a row, and each returns to the function's caller with its stack intact",
		...{ entry: "by_function", slots: { slots: "by_function" } },
		expected: { returned: all, runs: all },
	},
	{
		name: "return-by-function",
		promise: "a function that makes a tail call returns what the called program returns, not its own value",
		...{ entry: "by_constant_function", slots: { slots: "direct" } },
		expected: { returned: 2, runs: all - 1 },
	},
	{
		name: "limit-into-function",
		promise: "tail calls of a function are counted together with those of the main program before it",
		...{ entry: "into_function", slots: { slots: "by_function" } },
		expected: { returned: all - 1, runs: all - 1 },
	},
	{
		name: "limit-by-two-functions",
		promise: "tail calls of one function count towards the limit of the next function",
		...{ entry: "by_two_functions", slots: { slots: "by_two_functions" } },
		expected: { returned: 1, runs: all },
	},
	{
		name: "limit-of-branches",
		promise: "of two functions that call different programs, the first can use all 33 tail calls",
		...{ entry: "by_branches", slots: { slots: "by_function", other_slots: "other_branch" } },
		expected: { returned: 1, runs: all - 1 },
	},
	{
		name: "limit-of-traced-function",
		promise: "tail calls of a function with an fentry program are counted like others",
		...{ entry: "by_function", slots: { slots: "by_function" }, traced: true },
		expected: { returned: all, runs: all, traced: all },
	},
	{
		name: "beside-callback",
		promise: "a program with a callback can make tail calls outside of the callback",
		...{ entry: "beside_callback", slots: { slots: "beside_callback" } },
		expected: { returned: 1, runs: all },
	},
];

const faults: readonly Fault[] = [
	{
		name: "deep-stack",
		promise: "a function whose callers use more than 256 bytes of stack cannot make tail calls",
		...{ refused: "deep_stack", taken: "by_function", says: /tail_calls are not allowed/ },
	},
	{
		name: "in-callback",
		promise: "a callback cannot make tail calls",
		...{ refused: "in_callback", taken: "beside_callback", says: /tail[_ ]call/ },
		// 6.18: "verifier bug: callback unexpected regs".
		loud: true,
	},
	{
		name: "under-lock",
		promise: "a program that holds a spin lock cannot make a tail call",
		...{ refused: "under_lock", taken: "after_lock", says: /lock/ },
	},
	{
		name: "with-reference",
		promise: "a program that holds a reference to a socket cannot make a tail call",
		...{ refused: "with_reference", taken: "without_reference", says: /reference/ },
	},
];

const path = "/run/bpfgate-tail-call-promises.bpf.o";
const seenMap = ".bss.seen";
/** struct seen of tail-call-promises.bpf.c: runs, other_runs, traced, slot, each of 32 bits. */
const seenBytes = 16;
const slotAt = 12;
/** An Ethernet frame without payload. */
const packet = new Uint8Array(64);
const firstKey = new Uint8Array(4);

/** Names of the promises, in order; `loud` as for `tailCallPromises`. */
export function tailCallPromiseNames(loud = false): string[] {
	const quiet = faults.filter((fault) => loud || !fault.loud);
	return [...runs, ...quiet, otherType].map(({ name }) => `tail_call/${name}`);
}

/**
 * Tries tail calls, alone and with function calls, in test runs of programs that always end.
 * @param loud also what makes some kernels log a warning
 * @throws UndecidedError `not-built`
 */
export async function* tailCallPromises(guest: Guest, loud = false): AsyncIterable<KernelPromise> {
	const { client, kernel } = guest;
	await client.call("file_write", { path, data: await bpfObject(kernel.arch, "tail-call-promises") });
	const names = new Set(["of_another_type", ...faults.map(({ taken }) => taken)]);
	for (const { entry, slots = {} } of runs)
		for (const name of [entry, ...Object.values(slots)]) names.add(name);
	const loaded = await load(client, [...names]);
	try {
		for (const run of runs) yield answer(run, worded(run.expected), await tried(guest, loaded, run));
		for (const fault of faults)
			if (loud || !fault.loud) yield answer(fault, "refused", await refused(client, loaded, fault));
		yield answer(otherType, otherType.expected, await otherTypeSeen(guest, loaded));
	} finally {
		if (loaded.handle !== undefined) await client.call("object_close", { object: loaded.handle });
		await client.call("file_remove", { path });
	}
}

type Seen = string | { lack: string };

function answer(asked: { name: string; promise: string }, expected: string, found: Seen): KernelPromise {
	const base = { name: `tail_call/${asked.name}`, promise: asked.promise, expected, evidence: {} };
	if (typeof found === "object") return { ...base, seen: "not tried", lack: found.lack };
	return { ...base, seen: found, kept: found === expected };
}

async function tried(guest: Guest, { handle, refused }: LoadedObject, run: Run): Promise<Seen> {
	const { entry, slots = {} } = run;
	for (const program of [entry, ...Object.values(slots)]) {
		const refusal = refused.get(program);
		if (refusal) return { lack: refusalOf(program, refusal) };
	}
	if (handle === undefined) throw new Error("the kernel refuses all of the programs without naming one");
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
			if (refusal) return { lack: refusalOf("before_call_slot", refusal) };
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
		if (result?.errno !== 0) return `the test run returned ${errnoName(result?.errno ?? 0)}`;
		const counted = await counts(guest, handle);
		const traced = tracer === undefined ? 0 : (await counts(guest, tracer)).traced;
		return worded({ ...counted, returned: result.retval | 0, traced });
	} finally {
		for (const step of undo.reverse()) await step();
	}
}

async function refused(client: GuestClient, right: LoadedObject, fault: Fault): Promise<Seen> {
	const refusal = right.refused.get(fault.taken);
	if (refusal) return { lack: refusalOf(fault.taken, refusal) };
	const wrong = await load(client, [fault.refused]);
	const wanted = wrong.refused.get(fault.refused);
	if (wanted) return fault.says.test(wanted.verifierLog) ? "refused" : refusalOf(fault.refused, wanted);
	await client.call("object_close", { object: wrong.handle! });
	return "accepted";
}

/** An array belongs to the type of the first program that uses it. */
const otherType = {
	...{ name: "other-type", promise: "an array that tc programs call refuses XDP programs" },
	expected: "direct: accepted, of_another_type: EINVAL",
};

async function otherTypeSeen(guest: Guest, { handle, refused }: LoadedObject): Promise<Seen> {
	const found: string[] = [];
	for (const program of ["direct", "of_another_type"]) {
		const refusal = refused.get(program);
		if (refusal) return { lack: refusalOf(program, refusal) };
		const update = slotUpdate(guest, { handle: handle!, map: "slots" }, 0, { handle: handle!, program });
		const { errno } = await guest.client.call("bpf", update);
		found.push(`${program}: ${errno === 0 ? "accepted" : errnoName(errno)}`);
	}
	return found.join(", ");
}

/** `a return value of 1 after 34 runs` */
function worded({ returned, runs: own = 0, others = 0, traced = 0 }: Counted): string {
	const other = others > 0 ? ` and ${others} of the other program` : "";
	const seen = traced > 0 ? `, ${traced} of them seen by fentry` : "";
	return `a return value of ${returned} after ${own} ${own === 1 ? "run" : "runs"}${other}${seen}`;
}

/** `by_function: EINVAL: tail_calls are not allowed in non-JITed programs with bpf-to-bpf calls` */
function refusalOf(program: string, { errno, verifierLog, libbpfLog }: Refusal): string {
	const lines = (verifierLog || libbpfLog).trim().split("\n");
	const last = lines.findLast(
		(line) => !/^(processed|verification time|stack depth|insns|subprog) /.test(line),
	);
	return `${program}: ${errnoName(errno)}: ${last ?? "no message"}`;
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
	if (errno !== 0) throw new Error(`${map} refuses ${program}: ${errnoName(errno)}`);
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

/** Clears the counters; `computed` calls this slot. */
async function reset(guest: Guest, object: number, slot: number): Promise<void> {
	const value = new Uint8Array(seenBytes);
	new DataView(value.buffer).setUint32(slotAt, slot, guest.client.littleEndian);
	const entries = [{ key: firstKey, value }];
	const { errnos } = await guest.client.call("map_write", { object, map: seenMap, entries });
	if (errnos[0] !== 0) throw new Error(`${seenMap} cannot be written: ${errnoName(errnos[0] ?? 0)}`);
}
