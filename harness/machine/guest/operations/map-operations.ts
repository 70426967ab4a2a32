// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

/** The map `map` of a loaded object. */
const OfObject = { object: t.Handle, map: t.Text };

export const mapOperations = {
	/**
	 * All entries of a map, at most 65,536 or 32 MiB; with `packed` at most 32 MiB, in two rows
	 * instead of `entries`. In per-CPU maps each value has one value of
	 * `value_size` bytes (rounded up to 8) for each of `cpus` possible CPUs. Maps of maps and
	 * program arrays return ids (4 bytes), sockmaps cookies (only of 8-byte values). Queues and
	 * stacks are popped and pushed back: empty keys, values in the order of popping. Data sections
	 * are arrays of one entry. `nested` reads a map of maps as one map: a key is the outer key
	 * followed by the inner key, a value is the inner map's; `replay` always does so. EOPNOTSUPP:
	 * local storage, ring buffers and other maps that cannot be listed; ENOENT: no such map.
	 *
	 * Kernel: BPF_MAP_LOOKUP_BATCH, else BPF_MAP_GET_NEXT_KEY and BPF_MAP_LOOKUP_ELEM,
	 * kernel/bpf/syscall.c.
	 */
	map_dump: t.operation(
		t.object({ ...OfObject, nested: t.optional(t.Flag), packed: t.optional(t.Flag) }),
		t.object({
			type: t.U32,
			key_size: t.U32,
			value_size: t.U32,
			cpus: t.U32,
			entries: Type.Array(t.MapEntry),
			packed: t.optional(t.PackedEntries),
			truncated: t.Flag,
		}),
	),
	/**
	 * BPF_MAP_UPDATE_ELEM for each entry; returns one errno each (0: done; EINVAL also for a key or
	 * value of another length). A per-CPU value is either one value, which is written for every
	 * CPU, or one for each CPU as `map_dump` returns them. Queues and stacks take no key. Maps of
	 * maps and program arrays take an id (4 bytes). A map of maps also takes `inner`: a new map
	 * like the template is created, filled and inserted. A program array also takes `program`: the
	 * name of one of the object (EBADF if it is not loaded). Sockmaps and sockhashes take `socket`:
	 * the handle that `socket_open` returned.
	 *
	 * `packed` entries come before `entries`, of a per-CPU map with one value for each CPU; beside
	 * or instead of `inner` they are those of the inner map. Where the kernel has
	 * BPF_MAP_UPDATE_BATCH for the map, they take one system call. `errnos` has none for them when
	 * all were written, else those up to the first that was refused, at which writing stops.
	 */
	map_write: t.operation(
		t.object({ object: t.Handle, ...t.Writing }),
		t.object({ errnos: Type.Array(t.Errno) }),
	),
	/**
	 * BPF_MAP_DELETE_ELEM for each key; returns one errno each (ENOENT: no such key; EINVAL: an
	 * array, or a key of another length).
	 */
	map_delete: t.operation(
		t.object({ ...OfObject, keys: Type.Array(Bytes()) }),
		t.object({ errnos: Type.Array(t.Errno) }),
	),
	/** mmap(2) of a map, with `freeze` BPF_MAP_FREEZE while mapped, munmap(2); both errnos. */
	map_mmap: t.operation(
		t.object({ handle: t.Handle, bytes: t.U32, freeze: t.optional(t.Flag) }),
		t.object({ mapped: t.Errno, frozen: t.optional(t.Errno) }),
	),

	/**
	 * Opens the reading end of a ring buffer, or one perf event per CPU of a perf event array
	 * (`pages` of buffer for each CPU, a power of two, 64 by default); before that
	 * bpf_perf_event_output fails with ENOENT. It stays open until `object_close`; a second call
	 * has no effect. EOPNOTSUPP: the map has no events.
	 */
	events_watch: t.operation(t.object({ ...OfObject, pages: t.optional(t.uint(4096, 1)) }), t.Empty),
	/**
	 * The events since the last call, oldest first (for each CPU). From a ring buffer at most
	 * 65,536 or 32 MiB: `more` if some are left. The kernel pads perf events: up to 7 bytes follow
	 * the program's (PERF_SAMPLE_RAW, perf_event_open(2)). `lost` counts the perf events since the
	 * last call for which the buffer had no room; a full ring buffer only tells the program.
	 * ENOENT: a perf event array that is not watched.
	 */
	events_drain: t.operation(t.object(OfObject), t.DrainedEvents),
};
