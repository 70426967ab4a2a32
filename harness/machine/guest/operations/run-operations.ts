// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

/** Input of one BPF_PROG_TEST_RUN; see `test_run`. */
const TestRunInput = t.object({
	data_in: t.optional(Bytes()),
	ctx_in: t.optional(Bytes(65535)),
	data_out_max: t.optional(t.uint(1 << 20)),
	ctx_out_max: t.optional(t.uint(1 << 20)),
	repeat: t.optional(t.uint(0x7fffffff)),
	cpu: t.optional(t.U32),
	flags: t.optional(t.U32),
	batch_size: t.optional(t.U32),
});

/** Result of one BPF_PROG_TEST_RUN. */
export const TestRun = t.object({
	errno: Type.Integer({
		minimum: 0,
		description: "0: done; ENOSPC: done, but packet or context exceed the output buffer; else: not run",
	}),
	retval: t.U32,
	duration_ns: t.U32,
	/** Length of the packet in the kernel; after ENOSPC `data_out` is shorter. */
	data_size: t.U32,
	data_out: Bytes(),
	ctx_out: Bytes(),
});
export type TestRun = Static<typeof TestRun>;

/**
 * Difference between a map and its snapshot, after the runs of a case with fills what differs since
 * the fills: `count` new and changed entries, and the keys that are `gone`, one after the other.
 * Without a snapshot all entries are returned (`whole`), unless they are too many (`truncated`).
 * `map` is the map's index in the request.
 */
export const MapChange = t.object({
	map: t.U32,
	count: t.Size,
	keys: Bytes(),
	values: Bytes(),
	gone: Bytes(),
	whole: t.Flag,
	truncated: t.Flag,
});
export type MapChange = Static<typeof MapChange>;

/** Basic blocks and whether they ran; slots as libbpf hands them to the kernel, without probes. */
export const ProgramCoverage = t.object({
	name: t.Text,
	insns: t.Size,
	probed_insns: t.Size,
	/** Two 32-bit numbers per block: its first slot and its number of instructions. */
	blocks: Bytes(),
	/** One byte per block: 0 not reached, 1 reached, 2 without a probe. */
	reached: Bytes(),
	/**
	 * Records of struct bpf_line_info and bpf_func_info, and the size of a record; strings and
	 * types are those of the object's BTF.
	 */
	line_info_size: t.U32,
	line_info: Bytes(),
	func_info_size: t.U32,
	func_info: Bytes(),
});
export type ProgramCoverage = Static<typeof ProgramCoverage>;

export const runOperations = {
	/**
	 * BPF_PROG_TEST_RUN for each run in turn, in one request. `data_out_max` defaults to the length
	 * of `data_in` plus 256, `ctx_out_max` to 256 or the length of `ctx_in`, whichever is larger; 0
	 * asks for no output. Only what the kernel copies for the program's type is returned: packet
	 * and context of XDP, tc, socket filter, cgroup_skb, LWT and flow dissector (whose packet is
	 * the flow keys), context of sk_lookup and syscall. `repeat`, `cpu`, `flags` (BPF_F_TEST_*) and
	 * `batch_size` are passed on, default 0: the kernel's errno is the answer (EINVAL, or ENOTSUPP
	 * 524 for a type without test run). `reset` runs `object_reset` before each run; the first that
	 * is not equal ends the request: `differs` names the maps, `runs` has the results so far.
	 * Errors: ENOENT if there is no such program or no snapshot, EBADF if the program is not
	 * loaded, EMSGSIZE for an answer above 64 MiB.
	 *
	 * Kernel: `bpf_test_finish`, `bpf_prog_test_run_*` of net/bpf/test_run.c.
	 */
	test_run: t.operation(
		t.object({
			object: t.Handle,
			program: t.Text,
			runs: Type.Array(TestRunInput),
			reset: t.optional(t.Flag),
		}),
		t.object({ runs: Type.Array(TestRun), differs: Type.Array(t.Text) }),
	),
	/**
	 * Coverage since the object was loaded with `coverage`; `object_reset` keeps it. Lists every
	 * loaded program; one with an `obstacle` was loaded without probes, for the reason given.
	 * Numbers inside byte strings are in the guest's byte order. Empty for an object that was
	 * loaded without `coverage`.
	 */
	coverage_read: t.operation(
		t.object({ object: t.Handle }),
		t.object({
			programs: Type.Array(Type.Union([ProgramCoverage, t.object({ name: t.Text, obstacle: t.Text })])),
		}),
	),

	/**
	 * Stores the content of every map of a loaded object, also of the maps in maps of maps, and
	 * drops the earlier snapshot. Maps are named as by `object_open` (`filter.bss`), while an
	 * argument `map` may also be a section's name (`.bss`). `drained`: pending events are
	 * discarded. `unsupported`: the map cannot be read (local storage, arenas, sockmaps with 4-byte
	 * values ...), exceeds 32 MiB, or contains what user space cannot read (timers, lists, kptrs);
	 * `object_reset` always reports it as different.
	 */
	object_snapshot: t.operation(
		t.object({ object: t.Handle }),
		t.object({
			maps: Type.Array(t.object({ name: t.Text, how: t.oneOf("restored", "drained", "unsupported") })),
		}),
	),
	/**
	 * Restores every map to its snapshot and reads it back; only what differs is rewritten.
	 * `differs` names the maps that still differ; then the object must be loaded again. The order
	 * of entries does not count, and what user space cannot read is not restored: the age of LRU
	 * entries, the seed of a hash, positions in a ring buffer. ENOENT without a snapshot.
	 */
	object_reset: t.operation(
		t.object({ object: t.Handle }),
		t.object({ equal: t.Flag, differs: Type.Array(t.Text) }),
	),

	/**
	 * Many vectors in one request. Each case writes entries into maps (`fills`, as `map_write`),
	 * runs one program on several inputs (as `test_run`) and then does `object_reset`. The first
	 * reset that is not equal ends the request (`differs` names the maps), and so does an answer
	 * above 8 MiB; the answer then has fewer `cases`. If the last reset of the object was not
	 * equal, no case runs. Cases refer to programs, maps and maps of events by index. After the
	 * fills the answer lists the maps that differ from their snapshot (`before`), and after each
	 * run with `look` those that differ from that (`maps`); after each run the events of all
	 * `events`. A fill with an errno ends its case before the runs. ENOENT: no snapshot, no such
	 * map or program, or events that are not watched;
	 * EMSGSIZE: the answer to one case exceeds 64 MiB.
	 */
	replay: t.operation(
		t.object({
			object: t.Handle,
			programs: Type.Array(t.Text, { maxItems: 1024 }),
			maps: Type.Array(t.Text, { maxItems: 1024 }),
			events: Type.Array(t.Text, { maxItems: 1024 }),
			cases: Type.Array(
				t.object({
					program: t.uint(1023),
					fills: t.optional(Type.Array(t.object(t.Writing))),
					runs: Type.Array(t.object({ run: TestRunInput, look: t.optional(t.Flag) })),
				}),
			),
		}),
		t.object({
			cases: Type.Array(
				t.object({
					errnos: t.optional(Type.Array(Type.Array(t.Errno))),
					before: t.optional(Type.Array(MapChange)),
					runs: Type.Array(
						t.object({
							run: TestRun,
							maps: t.optional(Type.Array(MapChange)),
							events: t.optional(Type.Array(t.DrainedEvents)),
						}),
					),
				}),
			),
			equal: t.Flag,
			differs: Type.Array(t.Text),
		}),
	),
};
