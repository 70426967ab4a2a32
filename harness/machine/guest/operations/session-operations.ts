// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import { Empty, Flag, InNetns, object, oneOf, operation, optional, Size, Text, U32, uint } from "./schema.js";

/**
 * What exists in the guest, except what the agent itself keeps. Two equal inventories mean that
 * nothing was left behind in between.
 */
export const Inventory = object({
	programs: Type.Array(object({ id: U32, type: U32, name: Text })),
	maps: Type.Array(object({ id: U32, type: U32, name: Text })),
	links: Type.Array(object({ id: U32, type: U32 })),
	btfs: Type.Array(object({ id: U32, name: Text })),
	netdevs: Type.Array(Text),
	qdiscs: Type.Array(Type.String({ description: "`device kind handle`" })),
	mounts: Type.Array(Type.String({ description: "mount point and type" })),
	cgroups: Type.Array(Text),
	pins: Type.Array(Text),
	keys: Type.Array(Type.String({ description: "serial number (hexadecimal), type, description" })),
	processes: Type.Array(Type.String({ description: "command names of user processes other than the agent" })),
});
export type Inventory = Static<typeof Inventory>;

/** The guest as a whole: who it is, what is in it, and what its kernel supports. */
export const sessionOperations = {
	/** First request to a guest; every later frame carries this nonce (PROTOCOL.md). */
	hello: operation(
		object({ nonce: Bytes(8) }),
		object({
			protocol: Type.Literal(1),
			release: Text,
			version: Text,
			machine: Text,
			cpus: U32,
			mem_kb: Size,
			vmlinux_btf: Flag,
			modules: Type.Array(Text, { description: "loaded by the agent at boot" }),
		}),
	),
	ping: operation(Empty, Empty),

	/**
	 * `settle`: the kernel frees what a closed program held after an RCU grace period, so wait
	 * until the numbers of BPF objects and keys are those at boot, or have not changed for half a
	 * second (at most two seconds).
	 */
	inventory: operation(object({ settle: optional(Flag) }), Inventory),

	/**
	 * libbpf_probe_bpf_prog_type, libbpf_probe_bpf_map_type and libbpf_probe_bpf_helper (helpers
	 * from `from` up to, but without, `to`): 1 supported, 0 not, a negative errno unknown.
	 */
	probe: operation(
		object({
			program_types: optional(Type.Array(U32)),
			map_types: optional(Type.Array(U32)),
			helpers: optional(Type.Array(object({ program_type: U32, from: uint(4096), to: uint(4096) }))),
		}),
		object({
			program_types: Type.Array(Type.Integer()),
			map_types: Type.Array(Type.Integer()),
			helpers: Type.Array(Type.Array(Type.Integer())),
		}),
	),

	/** Loads a kernel module of the initramfs with the modules that it depends on. */
	module_load: operation(
		object({ name: Type.String({ maxLength: 127 }) }),
		object({ state: oneOf("live", "builtin", "absent", "refused"), errno: U32 }),
	),

	/**
	 * Runs a command of the guest to its end: `argv[0]` is its path, `env` its whole environment
	 * (`NAME=value`), its standard input is empty. `status` is its exit status, `signal` the signal
	 * that killed it. After `timeout_ms` (30 s by default, at most ten minutes) its process group
	 * is killed, in a session of its own: `timed_out`. The first `max_output` bytes of each output
	 * are returned (64 KiB by default, at most 16 MiB) with its full size. Background processes
	 * that it started keep running. The errno is that of starting the command: ENOENT, EACCES,
	 * ENOEXEC.
	 */
	command_run: operation(
		object({
			argv: Type.Array(Text, { minItems: 1, maxItems: 4096 }),
			env: optional(Type.Array(Text, { maxItems: 4096 })),
			cwd: optional(Text),
			timeout_ms: optional(uint(600_000)),
			max_output: optional(uint(16 << 20)),
			...InNetns,
		}),
		object({
			status: optional(U32),
			signal: optional(U32),
			timed_out: Flag,
			duration_ns: Size,
			stdout: Bytes(),
			stdout_size: Size,
			stderr: Bytes(),
			stderr_size: Size,
		}),
	),

	/** Fails on purpose, so that tests can show that the runner survives it. */
	misbehave: operation(
		object({ how: oneOf("panic", "warn", "hang", "crash", "flood", "rubbish", "out_of_memory") }),
		Empty,
	),
};
