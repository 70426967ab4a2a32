// SPDX-License-Identifier: Apache-2.0
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Bytes } from "../../base/bytes-schema.js";

const Handle = Type.Integer({ minimum: 1, description: "names something the agent holds; never reused" });
const U32 = Type.Integer({ minimum: 0, maximum: 0xffffffff });
const Size = Type.Integer({ minimum: 0 });
const Id = Type.Integer({ minimum: 0, maximum: 0x7fffffff, description: "of a user or group" });
const IdMap = Type.Array(Type.Object({ inside: Id, outside: Id, count: Type.Optional(Id) }), {
	maxItems: 64,
});
const Key = Type.Integer({
	minimum: -8,
	maximum: 0x7fffffff,
	description: "serial number of a key or keyring, or KEY_SPEC_* (keySpecs of uapi/keys.ts)",
});
const NewKey = Type.Object({ serial: Type.Integer({ minimum: 1 }) });
const Empty = Type.Object({});
/**
 * The network namespace (`netns_add`) that an operation is done in; the guest's first one unless
 * given.
 */
const InNetns = { netns: Type.Optional(Handle) };
/**
 * The mount namespace that an operation is done in: a handle of `/proc/<pid>/ns/mnt` (`path_open`).
 */
const InMntns = { mntns: Type.Optional(Handle) };
/**
 * Operations that are done `rounds` times over while the guest is at work, and what became of each.
 */
const During = {
	during: Type.Optional(Type.Array(Type.Object({ op: Type.String(), args: Type.Unknown() }))),
	rounds: Type.Optional(Type.Integer({ minimum: 1, maximum: 65536 })),
};
const Ifindex = Type.Integer({ minimum: 1, maximum: 0x7fffffff });
/**
 * A file descriptor: of `handle` itself, of an attachment's link, or of an object's program or map.
 */
const Named = Type.Object({
	handle: Handle,
	program: Type.Optional(Type.String()),
	map: Type.Optional(Type.String()),
});

/**
 * errno as the guest's kernel gave it (positive), and what was being done. From 4000 on it is
 * libbpf's own (LIBBPF_ERRNO__*, libbpf_legacy.h): 4000 not an ELF or a bad one, 4003 foreign byte
 * order.
 */
export const GuestFailure = Type.Object({
	errno: Type.Integer({ minimum: 0 }),
	what: Type.String({ maxLength: 4096 }),
	log: Type.Optional(Type.String({ description: "what libbpf said meanwhile" })),
});
export type GuestFailure = Static<typeof GuestFailure>;

/** How much of the work had been done before and after each operation, and its outcome. */
const DoneDuring = Type.Array(
	Type.Object({
		from: U32,
		to: U32,
		ok: Type.Optional(Type.Unknown()),
		err: Type.Optional(GuestFailure),
	}),
);

const InnerMap = Type.Object({
	type: U32,
	key_size: U32,
	value_size: U32,
	max_entries: U32,
	flags: Type.Optional(U32),
});

/**
 * What verifying one program cost and gave. Sizes in bytes, times in nanoseconds; absent where the
 * kernel does not say.
 */
export const ProgramInfo = Type.Object({
	id: U32,
	tag: Type.String(),
	verified_insns: Type.Optional(Size),
	xlated_bytes: Size,
	jited_bytes: Size,
	memlock_bytes: Type.Optional(Size),
	load_wall_ns: Size,
	load_cpu_ns: Size,
});
export type ProgramInfo = Static<typeof ProgramInfo>;

export const ProgramLoad = Type.Object({
	name: Type.String(),
	/** Not attempted when an earlier program, a map or the object itself failed first. */
	attempted: Type.Boolean(),
	errno: Type.Integer({ minimum: 0, description: "0: the kernel took it" }),
	/** The verifier's log: statistics of a success, the last `log_bytes` of a failure. */
	log: Type.String(),
	log_truncated: Type.Boolean(),
	info: Type.Optional(ProgramInfo),
});
export type ProgramLoad = Static<typeof ProgramLoad>;

export const MapLoad = Type.Object({
	name: Type.String(),
	attempted: Type.Boolean(),
	errno: Type.Integer({ minimum: 0 }),
	id: Type.Optional(U32),
	memlock_bytes: Type.Optional(Size),
});
export type MapLoad = Static<typeof MapLoad>;

/**
 * What exists in the guest beyond what the agent itself keeps. Two equal inventories mean nothing
 * was left.
 */
export const Inventory = Type.Object({
	programs: Type.Array(Type.Object({ id: U32, type: U32, name: Type.String() })),
	maps: Type.Array(Type.Object({ id: U32, type: U32, name: Type.String() })),
	links: Type.Array(Type.Object({ id: U32, type: U32 })),
	btfs: Type.Array(Type.Object({ id: U32, name: Type.String() })),
	netdevs: Type.Array(Type.String()),
	qdiscs: Type.Array(Type.String({ description: "`device kind handle`" })),
	mounts: Type.Array(Type.String({ description: "mount point and type" })),
	cgroups: Type.Array(Type.String()),
	pins: Type.Array(Type.String()),
	keys: Type.Array(Type.String({ description: "serial number (hexadecimal), type, description" })),
	processes: Type.Array(Type.String({ description: "command names of user processes other than the agent" })),
});
export type Inventory = Static<typeof Inventory>;

/**
 * One element of a map to be written. `flags` as of BPF_MAP_UPDATE_ELEM (0 any, 1 only new, 2 only
 * existing).
 */
const Element = {
	key: Type.Optional(Bytes()),
	value: Type.Optional(Bytes()),
	flags: Type.Optional(U32),
};

const WrittenElement = Type.Object({
	...Element,
	inner: Type.Optional(Type.Array(Type.Object(Element))),
	program: Type.Optional(Type.String()),
	socket: Type.Optional(Handle),
});

/** What BPF_PROG_TEST_RUN is given for one run; see `test_run`. */
const TestRunInput = Type.Object({
	data_in: Type.Optional(Bytes()),
	ctx_in: Type.Optional(Bytes()),
	data_out_max: Type.Optional(Type.Integer({ minimum: 0, maximum: 1 << 20 })),
	ctx_out_max: Type.Optional(Type.Integer({ minimum: 0, maximum: 1 << 20 })),
	repeat: Type.Optional(Type.Integer({ minimum: 0, maximum: 0x7fffffff })),
	cpu: Type.Optional(U32),
	flags: Type.Optional(U32),
	batch_size: Type.Optional(U32),
});

/** What BPF_PROG_TEST_RUN gave for one run. */
export const TestRun = Type.Object({
	errno: Type.Integer({
		minimum: 0,
		description: "0 done; ENOSPC done, the packet or context was longer than asked for; else not run",
	}),
	retval: U32,
	duration_ns: U32,
	/** Length of the packet in the kernel, which `data_out` is shorter than after ENOSPC. */
	data_size: U32,
	data_out: Bytes(),
	ctx_out: Bytes(),
});
export type TestRun = Static<typeof TestRun>;

/** An entry of a map: per-CPU values are one after the other, each of `value_size` bytes. */
export const MapEntry = Type.Object({ key: Bytes(), value: Bytes() });
export type MapEntry = Static<typeof MapEntry>;

/**
 * What a map holds that it did not hold at the snapshot, and keys that are gone since; or, `whole`,
 * all that it holds (`truncated`: not all), because no snapshot of it could be taken. `map` is its
 * number in the request.
 */
export const MapChange = Type.Object({
	map: U32,
	entries: Type.Array(MapEntry),
	gone: Type.Array(Bytes()),
	whole: Type.Boolean(),
	truncated: Type.Boolean(),
});
export type MapChange = Static<typeof MapChange>;

/** Events of one map, as `events_drain` gives them. */
const DrainedEvents = Type.Object({ events: Type.Array(Bytes()), lost: Size, more: Type.Boolean() });

/**
 * Which blocks of a program ran: instructions that are run all or not at all. Slots are those that
 * libbpf hands to the kernel, with all subprograms but without the probes.
 */
export const ProgramCoverage = Type.Object({
	name: Type.String(),
	insns: Size,
	probed_insns: Size,
	/**
	 * Of each two 32-bit numbers: its first slot, and its instructions (of two slots count once).
	 */
	blocks: Bytes(),
	/** Of each a byte: 0 not reached, 1 reached, 2 without a probe. */
	reached: Bytes(),
	/**
	 * Records of struct bpf_line_info and bpf_func_info and their size; strings and types are those
	 * of the object's BTF.
	 */
	line_info_size: U32,
	line_info: Bytes(),
	func_info_size: U32,
	func_info: Bytes(),
});
export type ProgramCoverage = Static<typeof ProgramCoverage>;

const socketCalls = [
	"socket",
	"bind",
	"listen",
	"connect",
	"accept",
	"sendmsg",
	"recvmsg",
	"getsockname",
	"getpeername",
	"setsockopt",
	"getsockopt",
	"close",
] as const;
export type SocketCall = (typeof socketCalls)[number];

const operation = <A extends TSchema, R extends TSchema>(args: A, result: R) => ({ args, result });

/** Every operation of the agent: its arguments and its result. The C side is `agent/op_*.c`. */
export const operations = {
	/** First request to a guest. */
	hello: operation(
		Type.Object({ nonce: Bytes() }),
		Type.Object({
			protocol: Type.Literal(1),
			release: Type.String(),
			version: Type.String(),
			machine: Type.String(),
			cpus: U32,
			mem_kb: Size,
			vmlinux_btf: Type.Boolean(),
			modules: Type.Array(Type.String(), { description: "loaded by the agent at boot" }),
		}),
	),
	ping: operation(Empty, Empty),

	/** Files of the guest's own tmpfs, /proc and /sys. `offset`/`max` bound what comes back. */
	file_read: operation(
		Type.Object({
			path: Type.String(),
			offset: Type.Optional(Size),
			max: Type.Optional(Size),
			...InNetns,
		}),
		Type.Object({ data: Bytes(), eof: Type.Boolean() }),
	),
	file_write: operation(
		Type.Object({
			path: Type.String(),
			data: Bytes(),
			append: Type.Optional(Type.Boolean()),
			mode: Type.Optional(U32),
			...InNetns,
		}),
		Empty,
	),
	file_remove: operation(Type.Object({ path: Type.String() }), Empty),
	dir_list: operation(
		Type.Object({ path: Type.String() }),
		Type.Object({ entries: Type.Array(Type.Object({ name: Type.String(), kind: Type.String() })) }),
	),

	/**
	 * `bpf_object__open_file` and settings made before load (libbpf). A map with `reuse` is that
	 * map instead of one of its own. A program's `target` is a function of the kernel, or of a
	 * program: of one of an object, or of the one that a handle (BPF_PROG_GET_FD_BY_ID) names,
	 * whose `function` has to be said. One that `extends` it is loaded as BPF_PROG_TYPE_EXT
	 * (freplace), whatever its section says. `token_path` is a bpffs that a BPF token is made of
	 * (bpf_token_path): loading fails when none can be made; with an empty one none is tried.
	 * Without it libbpf does as its environment says (LIBBPF_BPF_TOKEN_PATH), or tries /sys/fs/bpf
	 * and goes on without a token.
	 */
	object_open: operation(
		Type.Object({
			path: Type.String(),
			token_path: Type.Optional(Type.String()),
			maps: Type.Optional(
				Type.Array(
					Type.Object({
						name: Type.String(),
						max_entries: Type.Optional(U32),
						value_size: Type.Optional(U32),
						initial_value: Type.Optional(Bytes()),
						inner: Type.Optional(InnerMap),
						reuse: Type.Optional(Named),
					}),
				),
			),
			programs: Type.Optional(
				Type.Array(
					Type.Object({
						name: Type.String(),
						autoload: Type.Optional(Type.Boolean()),
						target: Type.Optional(
							Type.Object({
								object: Type.Optional(Handle),
								program: Type.Optional(Type.String()),
								function: Type.Optional(Type.String()),
								extends: Type.Optional(Type.Boolean()),
							}),
						),
					}),
				),
			),
		}),
		Type.Object({
			object: Handle,
			programs: Type.Array(
				Type.Object({
					name: Type.String(),
					section: Type.String(),
					type: U32,
					attach_type: U32,
					insns: Size,
					autoload: Type.Boolean(),
				}),
			),
			maps: Type.Array(
				Type.Object({
					name: Type.String(),
					type: U32,
					key_size: U32,
					value_size: U32,
					max_entries: U32,
					flags: U32,
				}),
			),
			log: Type.String(),
		}),
	),
	/**
	 * `bpf_object__load`: relocates and loads every autoload program. Never answers `err` for a
	 * refusal of the kernel: `errno` is the whole object's, `failed` says at what, and each program
	 * and map has its own. `log_level` as of BPF_PROG_LOAD (1 verbose, 2 more, 4 statistics).
	 *
	 * With `adopt` all of it is in the kernel already, made by a loader program: each map and
	 * program of the object is the one that the handle names (`fd_adopt`), and nothing is created
	 * or pinned, no BTF either, so that a gatekeeper has nothing to refuse. Handles stay the
	 * runner's. `err`: ENOENT for a map or program that the object has not got, or a map that none
	 * was given for; EINVAL for one of another type; EBADF for a handle of something else. A
	 * program that none was given for has errno ENOENT.
	 */
	object_load: operation(
		Type.Object({
			object: Handle,
			log_level: U32,
			log_bytes: U32,
			coverage: Type.Optional(
				Type.Boolean({ description: "with probes that `coverage_read` reads, where the kernel takes them" }),
			),
			adopt: Type.Optional(
				Type.Array(
					Type.Object({
						program: Type.Optional(Type.String()),
						map: Type.Optional(Type.String()),
						handle: Handle,
					}),
				),
			),
		}),
		Type.Object({
			errno: Type.Integer({ minimum: 0 }),
			log: Type.String({ description: "libbpf's messages" }),
			programs: Type.Array(ProgramLoad),
			maps: Type.Array(MapLoad),
		}),
	),
	/**
	 * Unloads, unpins what loading pinned (LIBBPF_PIN_BY_NAME) and frees; links made from it are
	 * kept until `detach`. EBUSY while a struct_ops map without BPF_F_LINK is attached.
	 */
	object_close: operation(Type.Object({ object: Handle }), Empty),

	/**
	 * BPF_PROG_TEST_RUN for each run in turn, in one request. `data_out_max` is `data_in` + 256
	 * unless given, and `ctx_out_max` 256 or as much as `ctx_in`, when there is one; 0 asks for
	 * nothing back. Only what the kernel copies for the program's type comes back: packet and
	 * context of XDP, tc, socket filter, cgroup_skb, LWT and flow dissector (there the flow keys
	 * are the packet), context of sk_lookup and syscall. `repeat`, `cpu`, `flags` (BPF_F_TEST_*)
	 * and `batch_size` are passed on, 0 unless given: the kernel's errno is the answer (EINVAL, or
	 * ENOTSUPP 524 for a type that has no test run). `reset` does `object_reset` before each run;
	 * the first that is not equal ends the request: `differs` names the maps, `runs` has what was
	 * done until then. Errors: ENOENT for no such program or no snapshot, EBADF when it is not
	 * loaded, EMSGSIZE for an answer above 64 MiB.
	 *
	 * Kernel: `bpf_test_finish`, `bpf_prog_test_run_*` of net/bpf/test_run.c.
	 */
	test_run: operation(
		Type.Object({
			object: Handle,
			program: Type.String(),
			runs: Type.Array(TestRunInput),
			reset: Type.Optional(Type.Boolean()),
		}),
		Type.Object({ runs: Type.Array(TestRun), differs: Type.Array(Type.String()) }),
	),
	/**
	 * What was reached since the object was loaded with `coverage`; `object_reset` does not forget
	 * it. Each loaded program is there; with an `obstacle`, why it was loaded without probes,
	 * nothing of it was measured. Numbers in bytes are in the guest's order. Empty of an object
	 * that was loaded without `coverage`.
	 */
	coverage_read: operation(
		Type.Object({ object: Handle }),
		Type.Object({
			programs: Type.Array(
				Type.Union([ProgramCoverage, Type.Object({ name: Type.String(), obstacle: Type.String() })]),
			),
		}),
	),
	/**
	 * All entries of a map, at most 65,536 or 32 MiB. `value_size` is one CPU's, rounded up to 8 in
	 * per-CPU maps, where `cpus` (possible ones) are in each value. Maps of maps and program arrays
	 * give ids (4 bytes), sockmaps cookies (of 8-byte values). Queues and stacks are popped and
	 * filled again: empty keys, values in the order of popping. Data sections are arrays of one
	 * entry. `nested` reads a map of maps as one map, whose keys are outer and inner keys one after
	 * the other and whose values are those of the inner maps, as `replay` always does. EOPNOTSUPP:
	 * local storage, ring buffers and all else that cannot be listed; ENOENT: no such map.
	 *
	 * Kernel: BPF_MAP_LOOKUP_BATCH, else BPF_MAP_GET_NEXT_KEY and BPF_MAP_LOOKUP_ELEM,
	 * kernel/bpf/syscall.c.
	 */
	map_dump: operation(
		Type.Object({ object: Handle, map: Type.String(), nested: Type.Optional(Type.Boolean()) }),
		Type.Object({
			type: U32,
			key_size: U32,
			value_size: U32,
			cpus: U32,
			entries: Type.Array(MapEntry),
			truncated: Type.Boolean(),
		}),
	),
	/**
	 * BPF_MAP_UPDATE_ELEM for each entry; one errno for each, 0 done, EINVAL also for a key or
	 * value of another length. A per-CPU value is one CPU's, written for all, or all CPUs' as
	 * `map_dump` gives them. Queues and stacks take no key. Maps of maps and program arrays take an
	 * id (4 bytes); a map of maps instead `inner`: a new map like the template's is made, filled
	 * and put in; a program array instead `program`: one of the object, by name (EBADF when it is
	 * not loaded). Sockmaps and sockhashes take a `socket`: the handle that `socket_open` gave.
	 */
	map_write: operation(
		Type.Object({
			object: Handle,
			map: Type.String(),
			entries: Type.Array(WrittenElement),
		}),
		Type.Object({ errnos: Type.Array(U32) }),
	),
	/**
	 * BPF_MAP_DELETE_ELEM for each key; one errno for each (ENOENT: not there; EINVAL: arrays, or a
	 * key of another length).
	 */
	map_delete: operation(
		Type.Object({ object: Handle, map: Type.String(), keys: Type.Array(Bytes()) }),
		Type.Object({ errnos: Type.Array(U32) }),
	),

	/**
	 * Remembers what every map of a loaded object holds, in place of an earlier snapshot; maps in
	 * maps as well. Maps are named as by `object_open` (`filter.bss`), while an argument `map` may
	 * also be a section's name (`.bss`). `drained`: its events are thrown away. `unsupported`:
	 * cannot be read (local storage, arenas, sockmaps with 4-byte values ...), is larger than 32
	 * MiB, or has what reading does not show (timers, lists, kptrs): `object_reset` then always
	 * says that it differs.
	 */
	object_snapshot: operation(
		Type.Object({ object: Handle }),
		Type.Object({
			maps: Type.Array(
				Type.Object({
					name: Type.String(),
					how: Type.Unsafe<"restored" | "drained" | "unsupported">({
						enum: ["restored", "drained", "unsupported"],
					}),
				}),
			),
		}),
	),
	/**
	 * Brings every map back to its snapshot and reads it again: only what differs is rewritten.
	 * `differs` names the maps that are still not the same; the object must then be loaded anew.
	 * The same entries count as equal in whatever order, and what no reading shows is not restored:
	 * the age of LRU entries, the seed of a hash, positions within a ring buffer. ENOENT without a
	 * snapshot.
	 */
	object_reset: operation(
		Type.Object({ object: Handle }),
		Type.Object({ equal: Type.Boolean(), differs: Type.Array(Type.String()) }),
	),

	/**
	 * Many situations in one request. Each case writes entries into maps (`fills`, as `map_write`),
	 * runs a program on one input after another (as `test_run`) and then does `object_reset`: the
	 * first that is not equal ends the request (`differs` names the maps), as an answer of more
	 * than 8 MiB does, so `cases` of the answer may be fewer. An object whose last reset was not
	 * equal gets no case done. Programs, maps and maps of events are named once and then by number.
	 * After the fills, and after each run with `look`, the answer has what differs from the
	 * snapshot in `maps`: those alone that differ. After each run come the events of all `events`.
	 * A fill that gave an errno ends its case: nothing is run. ENOENT: no snapshot, no such map or
	 * program, a map of events that is not watched; EMSGSIZE: one case has an answer above 64 MiB.
	 */
	replay: operation(
		Type.Object({
			object: Handle,
			programs: Type.Array(Type.String()),
			maps: Type.Array(Type.String()),
			events: Type.Array(Type.String()),
			cases: Type.Array(
				Type.Object({
					program: U32,
					fills: Type.Optional(
						Type.Array(Type.Object({ map: Type.String(), entries: Type.Array(WrittenElement) })),
					),
					runs: Type.Array(Type.Object({ run: TestRunInput, look: Type.Optional(Type.Boolean()) })),
				}),
			),
		}),
		Type.Object({
			cases: Type.Array(
				Type.Object({
					errnos: Type.Optional(Type.Array(Type.Array(U32))),
					before: Type.Optional(Type.Array(MapChange)),
					runs: Type.Array(
						Type.Object({
							run: TestRun,
							maps: Type.Optional(Type.Array(MapChange)),
							events: Type.Optional(Type.Array(DrainedEvents)),
						}),
					),
				}),
			),
			equal: Type.Boolean(),
			differs: Type.Array(Type.String()),
		}),
	),

	/**
	 * Opens the reading end of a ring buffer, or a perf event for each CPU in a perf event array
	 * (`pages` of buffer for each CPU, a power of two, 64 unless given): before that
	 * bpf_perf_event_output fails with ENOENT. Kept until `object_close`; doing it again changes
	 * nothing. EOPNOTSUPP: no map of events.
	 */
	events_watch: operation(
		Type.Object({
			object: Handle,
			map: Type.String(),
			pages: Type.Optional(Type.Integer({ minimum: 1, maximum: 4096 })),
		}),
		Empty,
	),
	/**
	 * The events since the last time, oldest first (for each CPU), at most 65,536 or 32 MiB of a
	 * ring buffer: `more` when some are left. The kernel pads perf events: up to 7 bytes follow the
	 * program's (PERF_SAMPLE_RAW, perf_event_open(2)). `lost` counts perf events without room since
	 * the last time; a full ring buffer tells only the program. ENOENT: a perf event array that is
	 * not watched.
	 */
	events_drain: operation(Type.Object({ object: Handle, map: Type.String() }), DrainedEvents),

	/**
	 * Attaches a loaded program (or a struct_ops map) and holds the link. `hook` `auto` attaches as
	 * libbpf does by section; with `symbol` to that function (kprobe) or pattern (kprobe.multi),
	 * with `tracepoint` to that. Devices are named by `ifindex`, cgroups and namespaces by `path`.
	 * A tc filter has `priority` (pref) and `filter_handle` when they are given (EEXIST: there is
	 * one), else those that the kernel chooses. With `replaces` the program takes the place of the
	 * one that is attached so, and nothing is made: BPF_LINK_UPDATE, of `expected` only (EPERM), or
	 * the filter with the same pref and handle. Whatever has an order (BPF_F_BEFORE ...) is the
	 * affair of `bpf`. `program` and `map` together attach an sk_msg or sk_skb program to a
	 * sockmap, whatever the hook; `map` alone is a struct_ops map.
	 */
	attach: operation(
		Type.Object({
			object: Handle,
			program: Type.Optional(Type.String()),
			map: Type.Optional(Type.String()),
			hook: Type.String(),
			ifindex: Type.Optional(U32),
			path: Type.Optional(Type.String()),
			symbol: Type.Optional(Type.String()),
			tracepoint: Type.Optional(Type.String()),
			mode: Type.Optional(Type.String()),
			pf: Type.Optional(U32),
			hooknum: Type.Optional(U32),
			priority: Type.Optional(Type.Integer()),
			filter_handle: Type.Optional(U32),
			replaces: Type.Optional(Handle),
			expected: Type.Optional(Named),
			...InNetns,
		}),
		Type.Object({
			link: Handle,
			/**
			 * Kernel's link id and BPF_LINK_TYPE_*; absent for attachments that are no links (tc
			 * filters, perf events before 5.15).
			 */
			id: Type.Optional(U32),
			type: Type.Optional(U32),
			/** Of an iterator: what its program wrote when it was read once, at most 64 KiB. */
			iteration: Type.Optional(Type.Object({ errno: U32, data: Bytes() })),
			log: Type.String(),
		}),
	),
	detach: operation(Type.Object({ link: Handle }), Empty),

	/**
	 * Filters of a device's clsact qdisc as the kernel lists them, which is the order in which it
	 * asks them. `program` and `name` (which whoever attached it chose; libbpf `program:[id]`) are
	 * of bpf filters alone. None without such a qdisc. Within one pref the kernel puts the latest
	 * first, whatever its handle.
	 *
	 * Kernel: RTM_GETTFILTER, `cls_bpf_dump` of net/sched/cls_bpf.c.
	 */
	tc_filters: operation(
		Type.Object({ ifindex: Ifindex, egress: Type.Optional(Type.Boolean()), ...InNetns }),
		Type.Object({
			filters: Type.Array(
				Type.Object({
					pref: U32,
					handle: U32,
					kind: Type.String(),
					direct_action: Type.Boolean(),
					program: Type.Optional(U32),
					name: Type.Optional(Type.String()),
				}),
			),
		}),
	),
	/** Ids of the XDP programs of a device by mode, 0: none (IFLA_XDP). */
	xdp_query: operation(
		Type.Object({ ifindex: Ifindex, ...InNetns }),
		Type.Object({ native: U32, generic: U32, offloaded: U32 }),
	),
	/**
	 * An XDP program attached over rtnetlink, as `ip link set xdp` does; without `program`
	 * detached. It stays when its object is closed. `expected`: only in its place (EEXIST);
	 * `exclusive`: only where there is none (EBUSY). The errno is the answer: EBUSY where a link
	 * holds the device.
	 */
	xdp_set: operation(
		Type.Object({
			ifindex: Ifindex,
			program: Type.Optional(Named),
			expected: Type.Optional(Named),
			mode: Type.Optional(Type.Unsafe<"native" | "generic">({ enum: ["native", "generic"] })),
			exclusive: Type.Optional(Type.Boolean()),
			...InNetns,
		}),
		Type.Object({ errno: U32 }),
	),

	/**
	 * A network namespace with its loopback device up. It lasts until `close`, as long as no socket
	 * and no process is in it. `path` is for programs of the guest (setns(2)).
	 */
	netns_add: operation(Empty, Type.Object({ netns: Handle, path: Type.String() })),
	/**
	 * A device, and its peer in `peer_netns`. `address` and `peer_address` are Ethernet addresses;
	 * a netkit device has none and takes IP packets, unless `ethernet` (NETKIT_L2).
	 */
	netdev_add: operation(
		Type.Object({
			kind: Type.String({ description: "rtnetlink kind: veth, dummy, netkit" }),
			name: Type.String(),
			peer: Type.Optional(Type.String()),
			up: Type.Optional(Type.Boolean()),
			address: Type.Optional(Bytes()),
			peer_address: Type.Optional(Bytes()),
			peer_netns: Type.Optional(Handle),
			ethernet: Type.Optional(Type.Boolean()),
			...InNetns,
		}),
		Type.Object({ ifindex: U32, peer_ifindex: Type.Optional(U32) }),
	),
	netdev_del: operation(Type.Object({ name: Type.String(), ...InNetns }), Empty),
	/** An IPv4 or IPv6 address (4 or 16 bytes) of a device, to be used at once. */
	addr_add: operation(
		Type.Object({
			ifindex: Ifindex,
			address: Bytes(),
			prefix: Type.Integer({ minimum: 0, maximum: 128 }),
			...InNetns,
		}),
		Empty,
	),
	/** A cgroup below the one that the rest of its name says (`outer/inner`). */
	cgroup_add: operation(Type.Object({ name: Type.String() }), Type.Object({ path: Type.String() })),
	cgroup_del: operation(Type.Object({ name: Type.String() }), Empty),

	module_load: operation(
		Type.Object({ name: Type.String() }),
		Type.Object({
			state: Type.Unsafe<"live" | "builtin" | "absent" | "refused">({ type: "string" }),
			errno: U32,
		}),
	),

	/**
	 * `settle`: the kernel frees what a closed program held after an RCU grace period, so wait
	 * until there is no more of BPF or keys than at boot, or until nothing has changed for half a
	 * second (two seconds at most).
	 */
	inventory: operation(Type.Object({ settle: Type.Optional(Type.Boolean()) }), Inventory),

	/**
	 * libbpf_probe_bpf_prog_type, _map_type and _helper (`from` up to but not `to`): 1 yes, 0 no,
	 * negative errno unknown.
	 */
	probe: operation(
		Type.Object({
			program_types: Type.Optional(Type.Array(U32)),
			map_types: Type.Optional(Type.Array(U32)),
			helpers: Type.Optional(Type.Array(Type.Object({ program_type: U32, from: U32, to: U32 }))),
		}),
		Type.Object({
			program_types: Type.Array(Type.Integer()),
			map_types: Type.Array(Type.Integer()),
			helpers: Type.Array(Type.Array(Type.Integer())),
		}),
	),
	/**
	 * A listening TCP or a bound UDP socket, of the family that `address` (4 or 16 bytes, network
	 * order) has; the machine need not have the address (IP_FREEBIND). `cookie` is SO_COOKIE, which
	 * the kernel calls it in contexts. Kept until `close`, and read by `packets_read`. Errors: that
	 * of socket(2), bind(2) or listen(2).
	 */
	socket_open: operation(
		Type.Object({
			protocol: Type.Unsafe<"tcp" | "udp">({ type: "string", enum: ["tcp", "udp"] }),
			address: Bytes(),
			port: Type.Integer({ minimum: 0, maximum: 0xffff }),
			receive_buffer: Type.Optional(
				Type.Integer({ minimum: 0, maximum: 256 << 20, description: "bytes that wait to be read" }),
			),
			...InNetns,
		}),
		Type.Object({ handle: Handle, cookie: Size }),
	),
	/** A handle of a folder or file, opened to be read: a cgroup, a namespace. Until `close`. */
	path_open: operation(Type.Object({ path: Type.String() }), Type.Object({ handle: Handle })),

	/**
	 * Sends frames out of a device (packet(7)), one after the other, over and over until there are
	 * `count` (as many as frames unless given, 1,048,576 at most), with a pause of `interval_us`
	 * after each. With `number_at` the number of each packet, from 0, is written there, 32 bits in
	 * network order. `tried` packets were sent, of which the kernel took `sent`; `errno` is that of
	 * the first that it did not take.
	 *
	 * Each operation of `during`, `rounds` times over, is done while packets are being sent, spread
	 * over `count`, with packets between each two; if they take longer, more packets are sent,
	 * until the last of them is done. Their outcomes are `ok` or `err` as the operation gives them,
	 * and how many packets had been sent when it began and when it had ended.
	 */
	packet_send: operation(
		Type.Object({
			ifindex: Ifindex,
			frames: Type.Array(Bytes(), { minItems: 1, maxItems: 4096 }),
			count: Type.Optional(Type.Integer({ minimum: 0, maximum: 1 << 20 })),
			interval_us: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
			number_at: Type.Optional(Size),
			...During,
			...InNetns,
		}),
		Type.Object({
			tried: U32,
			sent: U32,
			errno: U32,
			during: Type.Optional(DoneDuring),
		}),
	),
	/**
	 * A packet socket that keeps what passes a device, until `close`: what came in, after XDP and
	 * before tc, and, unless `incoming`, what goes out, after tc. `buffer`: bytes of the kernel's
	 * memory, 16 MiB unless given.
	 */
	capture_open: operation(
		Type.Object({
			ifindex: Ifindex,
			buffer: Type.Optional(Type.Integer({ minimum: 0, maximum: 256 << 20 })),
			incoming: Type.Optional(Type.Boolean()),
			...InNetns,
		}),
		Type.Object({ handle: Handle }),
	),
	/**
	 * What a capture or a UDP socket holds, oldest first, until nothing more comes for `quiet_ms`
	 * (0 unless given): frames, or payloads. `time_ns` is by the guest's wall clock, 0 from
	 * sockets. `more` when 32 MiB were read; `lost` had no room.
	 */
	packets_read: operation(
		Type.Object({ handle: Handle, quiet_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })) }),
		Type.Object({
			packets: Type.Array(Type.Object({ data: Bytes(), time_ns: Size, outgoing: Type.Boolean() })),
			more: Type.Boolean(),
			lost: Size,
		}),
	),
	/**
	 * The same, but only which of the packets numbered below `expected` came (not those that went
	 * out): the number is the 32 bits in network order after `marker`. `others` have no such
	 * number.
	 */
	packets_account: operation(
		Type.Object({
			handle: Handle,
			marker: Bytes(),
			expected: Type.Integer({ minimum: 0, maximum: 1 << 20 }),
			quiet_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
		}),
		Type.Object({
			arrived: U32,
			repeated: U32,
			others: U32,
			missing: Type.Array(Type.Object({ first: U32, count: U32 })),
			lost: Size,
		}),
	),
	/**
	 * System calls on sockets, made in turn by a process of its own in `cgroup` (a folder), each on
	 * the socket of a slot (`socket`, 0 unless given; `into` is that of accept(2)). `domain`,
	 * `type` and `protocol` are of socket(2): an IPv4 UDP socket unless given. `address` (4 or 16
	 * bytes) and `port`, or `path`, are of bind, connect and sendmsg; `data` of sendmsg and
	 * setsockopt, and as much as it has is asked of getsockopt. A call that blocks for `wait_ms` (1
	 * s unless given) gets EINTR. `time_ns` is CLOCK_MONOTONIC before the call, as
	 * bpf_ktime_get_ns() has it; `data` is of recvmsg and getsockopt, `address` and `port` of whom
	 * recvmsg, accept, getsockname and getpeername tell. `err`: that of joining the cgroup.
	 *
	 * With `count` the last of the steps is made over and over, so often at least; `steps` of the
	 * result are the others, and `times_ns` is when each of its calls began, and when the last had
	 * come back. With `number_at` its number, from 0, is written there in its data, 32 bits in
	 * network order. Operations of `during` are done meanwhile as in `packet_send`.
	 */
	socket_traffic: operation(
		Type.Object({
			cgroup: Type.Optional(Type.String()),
			wait_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
			steps: Type.Array(
				Type.Object({
					call: Type.Unsafe<SocketCall>({ enum: [...socketCalls] }),
					socket: Type.Optional(U32),
					into: Type.Optional(U32),
					domain: Type.Optional(U32),
					type: Type.Optional(U32),
					protocol: Type.Optional(U32),
					address: Type.Optional(Bytes()),
					port: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff })),
					path: Type.Optional(Type.String()),
					data: Type.Optional(Bytes()),
					level: Type.Optional(Type.Integer()),
					option: Type.Optional(Type.Integer()),
				}),
				{ maxItems: 4096 },
			),
			count: Type.Optional(Type.Integer({ minimum: 0, maximum: 65536 })),
			number_at: Type.Optional(Size),
			...During,
			...InNetns,
		}),
		Type.Object({
			steps: Type.Array(
				Type.Object({
					errno: U32,
					time_ns: Size,
					data: Bytes(),
					address: Type.Optional(Bytes()),
					port: Type.Optional(U32),
				}),
			),
			during: Type.Optional(DoneDuring),
			times_ns: Type.Optional(Type.Array(Size)),
		}),
	),
	/**
	 * The bpf(2) system call itself: `attr` as the kernel's union, into which pointers to `blobs`
	 * and file descriptors (`handles`) are patched at their offsets, or, with `blob`, into that
	 * blob. `fd` is the handle of a file descriptor that the command gave. `blobs` of the result
	 * has as many elements as that of the arguments, those without `out` empty; pointers in them
	 * are those of the agent. What BPF_PROG_TEST_RUN of a syscall program opened in the agent's
	 * process waits for `fd_adopt`.
	 */
	bpf: operation(
		Type.Object({
			cmd: U32,
			attr: Bytes(),
			blobs: Type.Optional(
				Type.Array(
					Type.Object({
						offset: U32,
						blob: Type.Optional(U32),
						data: Bytes(),
						out: Type.Optional(Type.Boolean()),
					}),
				),
			),
			handles: Type.Optional(
				Type.Array(
					Type.Object({
						offset: U32,
						handle: Handle,
						blob: Type.Optional(U32),
						program: Type.Optional(Type.String()),
						map: Type.Optional(Type.String()),
					}),
					{
						description:
							"file descriptors patched in; of an attachment's link, or of an object's program or map when one is named",
					},
				),
			),
			...InNetns,
		}),
		Type.Object({
			ret: Type.Integer(),
			errno: U32,
			fd: Type.Optional(Handle),
			attr: Bytes(),
			blobs: Type.Array(Bytes()),
		}),
	),
	/**
	 * Handles for the file descriptors of maps, programs, links and BTF that programs run by `bpf`
	 * opened in the agent's process, by the numbers that a loader wrote into its context; without
	 * `fds`, of all that have no handle yet, as after a loader that failed midway. EBADF: no such
	 * one (nothing that is the agent's own can be had so).
	 */
	fd_adopt: operation(
		Type.Object({ fds: Type.Optional(Type.Array(U32)) }),
		Type.Object({
			adopted: Type.Array(
				Type.Object({
					fd: U32,
					handle: Handle,
					kind: Type.Unsafe<"map" | "program" | "link" | "btf">({
						enum: ["map", "program", "link", "btf"],
					}),
				}),
			),
		}),
	),
	/**
	 * Closes a file descriptor, or ends a user with all that it holds and waits until it is gone.
	 */
	close: operation(Type.Object({ handle: Handle }), Empty),

	/**
	 * Starts a process that does operations as somebody else: every operation whose arguments have
	 * `user` is done by that process, which has handles of its own. Ids are those of the guest's
	 * first user namespace. Of the namespaces in `unshare` it gets new ones, the user namespace
	 * first, which owns the others, with `uid_map` and `gid_map` (user_namespaces(7); unless given,
	 * `uid` and `gid` are 0 in it, and each of `groups` is what it is). With `join` it goes into
	 * those of another user. It has every capability in such a user namespace, in the first one
	 * those of uid 0 or none; with `capabilities` these alone (`CAP_BPF`), for ever, and in
	 * programs that it runs as well. `env` (`NAME=value`) is what libbpf finds in its environment.
	 * With `netns` it starts there.
	 *
	 * Ends by `close`. Without answer and progress for `patience_ms` (10 s unless given) it is
	 * killed: ETIMEDOUT, as it is after an answer that cannot be read: EPROTO. EOWNERDEAD: it ended
	 * by itself, or before. Errors: that of the step that failed, EPERM where user namespaces are
	 * not allowed.
	 */
	user_start: operation(
		Type.Object({
			uid: Id,
			gid: Id,
			groups: Type.Optional(Type.Array(Id, { maxItems: 64 })),
			unshare: Type.Optional(
				Type.Array(Type.Unsafe<"user" | "mnt" | "net">({ enum: ["user", "mnt", "net"] }), {
					uniqueItems: true,
				}),
			),
			uid_map: Type.Optional(IdMap),
			gid_map: Type.Optional(IdMap),
			join: Type.Optional(Handle),
			capabilities: Type.Optional(Type.Array(Type.String())),
			env: Type.Optional(Type.Array(Type.String(), { maxItems: 64 })),
			patience_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
			...InNetns,
		}),
		Type.Object({ user: Handle, pid: Type.Integer({ minimum: 2 }) }),
	),
	/**
	 * Passes a file descriptor over a unix socket (SCM_RIGHTS): what `from` holds, the agent unless
	 * given, becomes `handle` of `to`, the agent unless given. The sender keeps its own. EBADF: no
	 * such handle, or it has none.
	 */
	fd_pass: operation(
		Type.Object({ ...Named.properties, from: Type.Optional(Handle), to: Type.Optional(Handle) }),
		Type.Object({ handle: Handle }),
	),

	/**
	 * fsopen(2): a file system to be configured, which belongs to the user namespace of whoever
	 * opens it. EPERM without CAP_SYS_ADMIN in the mount namespace's user namespace.
	 */
	fs_open: operation(Type.Object({ fstype: Type.String() }), Type.Object({ handle: Handle })),
	/**
	 * fsconfig(2): sets each option, one without `value` as a flag, and with `create` makes the
	 * file system. `what` of a GuestError is `set <key>` or `create`, its `log` what the kernel
	 * says to it. An old bpffs ignores options that it does not know; EPERM: only CAP_SYS_ADMIN of
	 * the first user namespace delegates.
	 */
	fs_config: operation(
		Type.Object({
			handle: Handle,
			options: Type.Optional(
				Type.Array(Type.Object({ key: Type.String(), value: Type.Optional(Type.String()) })),
			),
			create: Type.Optional(Type.Boolean()),
		}),
		Empty,
	),
	/** fsmount(2): a mount of it that is nowhere yet, gone with its handle. */
	fs_mount: operation(Type.Object({ handle: Handle }), Type.Object({ handle: Handle })),
	/** move_mount(2): puts such a mount to a folder, which is made if it is not there. */
	mount_move: operation(Type.Object({ handle: Handle, path: Type.String(), ...InMntns }), Empty),
	/**
	 * BPF_TOKEN_CREATE on the root of a bpffs: at a path, or of a mount's handle (`fs_mount`); with
	 * `folder` on that folder of it, made if it is not there. `handle` is the token, for `bpf` and
	 * `fd_pass`; `close` drops it. `what` of a GuestError tells whether opening or creating was
	 * refused. EACCES: the folder cannot be opened; EPERM: another user namespace than the mount's,
	 * or no CAP_BPF in it; EOPNOTSUPP: the first one; ENOENT: nothing is delegated; EINVAL: no
	 * bpffs, not its root, or a kernel without tokens.
	 *
	 * Kernel: `bpf_token_create`, kernel/bpf/token.c.
	 */
	token_create: operation(
		Type.Object({
			path: Type.Optional(Type.String()),
			handle: Type.Optional(Handle),
			folder: Type.Optional(Type.String()),
		}),
		Type.Object({ handle: Handle }),
	),
	/**
	 * mmap(2) of a map's memory, shared and writable, and with `freeze` BPF_MAP_FREEZE while it is
	 * mapped; then it is unmapped. Both answers are an errno, or 0.
	 */
	map_mmap: operation(
		Type.Object({ handle: Handle, bytes: U32, freeze: Type.Optional(Type.Boolean()) }),
		Type.Object({ mapped: U32, frozen: Type.Optional(U32) }),
	),

	/**
	 * add_key(2): a key or, of type `keyring` and without payload, a keyring. A key of the same
	 * type and description in that keyring is updated or displaced. Type `asymmetric` takes a
	 * certificate (DER), whose subject and serial number become the description when there is none.
	 * EBADMSG: cannot be parsed; ENOPKG: of an algorithm that the kernel has not got; EKEYREJECTED:
	 * blacklisted or not admitted by the keyring; EPERM: a restricted keyring. The agent has a
	 * session keyring of its own since boot, which all that it runs inherits.
	 */
	key_add: operation(
		Type.Object({
			type: Type.String(),
			description: Type.Optional(Type.String()),
			payload: Type.Optional(Bytes()),
			keyring: Key,
		}),
		NewKey,
	),
	/**
	 * The key that is found in or below a keyring (keyctl_search(3)). ENOKEY, EKEYREVOKED,
	 * EKEYEXPIRED.
	 */
	key_search: operation(
		Type.Object({ keyring: Key, type: Type.String(), description: Type.String() }),
		NewKey,
	),
	/** The serial number of one of KEY_SPEC_*, which is made if it was not there. */
	key_id: operation(Type.Object({ key: Key }), NewKey),
	/** `type;uid;gid;permissions;description` (keyctl_describe(3)). */
	key_describe: operation(Type.Object({ key: Key }), Type.Object({ description: Type.String() })),
	/**
	 * The payload, or the serial numbers in a keyring (4 bytes each). EOPNOTSUPP: asymmetric keys
	 * cannot be read.
	 */
	key_read: operation(Type.Object({ key: Key }), Type.Object({ data: Bytes() })),
	key_link: operation(Type.Object({ key: Key, keyring: Key }), Empty),
	/** A key in no keyring any more goes away. */
	key_unlink: operation(Type.Object({ key: Key, keyring: Key }), Empty),
	/** What uses the key from here on gets EKEYREVOKED; it stays in its keyrings. */
	key_revoke: operation(Type.Object({ key: Key }), Empty),
	/** The key is removed from all keyrings. */
	key_invalidate: operation(Type.Object({ key: Key }), Empty),
	key_clear: operation(Type.Object({ key: Key }), Empty),
	/** After so many seconds, 0 for never, it gives EKEYEXPIRED. */
	key_timeout: operation(Type.Object({ key: Key, seconds: U32 }), Empty),
	/** KEY_POS_* and so on of linux/keyctl.h, keyctl_setperm(3). */
	key_permit: operation(Type.Object({ key: Key, permissions: U32 }), Empty),
	/**
	 * keyctl_restrict_keyring(3): what may be linked from here on, nothing without `type`. Type
	 * `asymmetric` takes `builtin_trusted`, `key_or_keyring:<serial>[:chain]` and so on.
	 */
	key_restrict: operation(
		Type.Object({
			keyring: Key,
			type: Type.Optional(Type.String()),
			restriction: Type.Optional(Type.String()),
		}),
		Empty,
	),

	mount: operation(
		Type.Object({
			source: Type.String(),
			target: Type.String(),
			fstype: Type.String(),
			flags: Type.Optional(U32),
			data: Type.Optional(Type.String()),
			...InMntns,
		}),
		Empty,
	),
	/** EBUSY while something of it is open, as tokens are, unless `lazy` (MNT_DETACH). */
	unmount: operation(
		Type.Object({ target: Type.String(), lazy: Type.Optional(Type.Boolean()), ...InMntns }),
		Empty,
	),

	/**
	 * Runs a program of the guest to its end: `argv[0]` is its path, `env` its whole environment
	 * (`NAME=value`), its standard input is empty. `status` when it exited, `signal` when that
	 * ended it. After `timeout_ms` (30 s unless given, ten minutes at most) it is killed together
	 * with its process group, in a session of its own: `timed_out`. Of each output the first
	 * `max_output` bytes come back (64 KiB unless given, 16 MiB at most) and its whole size. What
	 * it leaves running in the background goes on. The errno is that of starting it: ENOENT,
	 * EACCES, ENOEXEC.
	 */
	command_run: operation(
		Type.Object({
			argv: Type.Array(Type.String(), { minItems: 1 }),
			env: Type.Optional(Type.Array(Type.String())),
			cwd: Type.Optional(Type.String()),
			timeout_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
			max_output: Type.Optional(Type.Integer({ minimum: 0, maximum: 16 << 20 })),
			...InNetns,
		}),
		Type.Object({
			status: Type.Optional(U32),
			signal: Type.Optional(U32),
			timed_out: Type.Boolean(),
			duration_ns: Size,
			stdout: Bytes(),
			stdout_size: Size,
			stderr: Bytes(),
			stderr_size: Size,
		}),
	),

	/** Ill-behaved on purpose, so that the tests can show that the runner survives it. */
	misbehave: operation(
		Type.Object({
			how: Type.Unsafe<"panic" | "warn" | "hang" | "crash" | "flood" | "rubbish" | "out_of_memory">({
				type: "string",
			}),
		}),
		Empty,
	),
} as const;

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type Args<N extends OperationName> = Static<Operations[N]["args"]>;
export type Result<N extends OperationName> = Static<Operations[N]["result"]>;
