// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

/** What is in the guest, except the agent's own. Equal inventories: nothing was left behind. */
export const Inventory = t.object({
	programs: Type.Array(t.object({ id: t.U32, type: t.U32, name: t.Text })),
	maps: Type.Array(t.object({ id: t.U32, type: t.U32, name: t.Text })),
	links: Type.Array(t.object({ id: t.U32, type: t.U32 })),
	btfs: Type.Array(t.object({ id: t.U32, name: t.Text })),
	netdevs: Type.Array(t.Text),
	qdiscs: Type.Array(Type.String({ description: "`device kind handle`" })),
	mounts: Type.Array(Type.String({ description: "mount point and type" })),
	cgroups: Type.Array(t.Text),
	pins: Type.Array(t.Text),
	keys: Type.Array(Type.String({ description: "serial number (hexadecimal), type, description" })),
	processes: Type.Array(Type.String({ description: "command names of user processes other than the agent" })),
});
export type Inventory = Static<typeof Inventory>;

/** The guest as a whole: who it is, what is in it, and what its kernel supports. */
export const sessionOperations = {
	/** First request to a guest; every later frame carries this nonce (PROTOCOL.md). */
	hello: t.operation(
		t.object({ nonce: Bytes(8) }),
		t.object({
			protocol: Type.Literal(1),
			release: t.Text,
			version: t.Text,
			machine: t.Text,
			cpus: t.U32,
			mem_kb: t.Size,
			vmlinux_btf: t.Flag,
			modules: Type.Array(t.Text, { description: "loaded by the agent at boot" }),
		}),
	),
	ping: t.operation(t.Empty, t.Empty),
	/** The guest's CLOCK_MONOTONIC, which programs read with bpf_ktime_get_ns(). */
	clock_read: t.operation(t.Empty, t.object({ monotonic_ns: t.Size })),

	/**
	 * `settle`: the kernel frees what a closed program held after an RCU grace period, so wait
	 * until the numbers of BPF objects and keys are those at boot, or have not changed for half a
	 * second (at most two seconds).
	 */
	inventory: t.operation(t.object({ settle: t.optional(t.Flag) }), Inventory),

	/** Addresses of symbols of the kernel (8 bytes, /proc/kallsyms); 0 for one that is missing. */
	kernel_symbols: t.operation(
		t.object({ names: Type.Array(t.Text, { maxItems: 64 }) }),
		t.object({ addresses: Type.Array(Bytes(8)) }),
	),

	/** libbpf_probe_bpf_{prog_type,map_type,helper} (`from` to before `to`): 1, 0, or errno. */
	probe: t.operation(
		t.object({
			program_types: t.optional(Type.Array(t.U32)),
			map_types: t.optional(Type.Array(t.U32)),
			helpers: t.optional(
				Type.Array(t.object({ program_type: t.U32, from: t.uint(4096), to: t.uint(4096) })),
			),
		}),
		t.object({
			program_types: Type.Array(Type.Integer()),
			map_types: Type.Array(Type.Integer()),
			helpers: Type.Array(Type.Array(Type.Integer())),
		}),
	),

	/** Loads a kernel module of the initramfs with the modules that it depends on. */
	module_load: t.operation(
		t.object({ name: Type.String({ maxLength: 127 }) }),
		t.object({ state: t.oneOf("live", "builtin", "absent", "refused"), errno: t.U32 }),
	),

	/**
	 * Runs a command of the guest to its end: `argv[0]` is its path, `env` its whole environment
	 * (`NAME=value`), its standard input is empty. `status` is its exit status, `signal` the signal
	 * that killed it. After `timeout_ms` (30 s by default, at most ten minutes) its process group
	 * is killed, in a session of its own: `timed_out`. The first `max_output` bytes of each output
	 * are returned (64 KiB by default, at most 16 MiB) with its full size. Background processes
	 * that it started keep running. The errno is that of starting the command: ENOENT, EACCES,
	 * ENOEXEC. `limited`: a command of a package, which gets no capability to change the agent, the
	 * kernel's code or the clock (command.c); one that is no program ends with status 126.
	 */
	command_run: t.operation(
		t.object({
			argv: Type.Array(t.Text, { minItems: 1, maxItems: 4096 }),
			env: t.optional(Type.Array(t.Text, { maxItems: 4096 })),
			cwd: t.optional(t.Text),
			timeout_ms: t.optional(t.uint(600_000)),
			max_output: t.optional(t.uint(16 << 20)),
			limited: t.optional(t.Flag),
			...t.InNetns,
		}),
		t.object({
			status: t.optional(t.U32),
			signal: t.optional(t.U32),
			timed_out: t.Flag,
			duration_ns: t.Size,
			stdout: Bytes(),
			stdout_size: t.Size,
			stderr: Bytes(),
			stderr_size: t.Size,
		}),
	),

	/**
	 * Starts a command as `command_run` does, and leaves it running; both of its outputs are
	 * appended to the file `output`.
	 */
	command_start: t.operation(
		t.object({
			argv: Type.Array(t.Text, { minItems: 1, maxItems: 4096 }),
			env: t.optional(Type.Array(t.Text, { maxItems: 4096 })),
			cwd: t.optional(t.Text),
			output: t.Text,
			limited: t.optional(t.Flag),
			...t.InNetns,
		}),
		t.object({ pid: Type.Integer({ minimum: 2 }) }),
	),
	/**
	 * Sends a signal (0: none) to a started command and what it has started, unless it has ended;
	 * with `await` waits up to 10 s for its end.
	 */
	command_signal: t.operation(
		t.object({ pid: t.uint(0x7fffffff), signal: t.uint(64), await: t.optional(t.Flag) }),
		t.object({ errno: t.Errno, ended: t.Flag }),
	),

	/** Fails on purpose, so that tests can show that the runner survives it. */
	misbehave: t.operation(
		t.object({ how: t.oneOf("panic", "warn", "hang", "crash", "stop", "flood", "rubbish", "out_of_memory") }),
		t.Empty,
	),
};
