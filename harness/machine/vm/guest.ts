// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../guest/client.js";
import type { Inventory, Result } from "../guest/operations.js";
import type { Kernel } from "../kernel/kernel.js";
import type { KernelObjects } from "./view/kernel-objects.js";

/** A kernel report of a problem (panic, oops, warning, ...) on the guest's console. */
export interface Splat {
	/** `silent`: a line written to the kernel's log did not come out, so reports may be missing. */
	kind: "panic" | "oops" | "bug" | "warn" | "lockup" | "rcu-stall" | "hung-task" | "out-of-memory" | "silent";
	/** The line that names the problem, without its time stamp. */
	title: string;
	/** What a WARN() says above its `WARNING:` line. */
	message?: string;
	/** The whole report, bounded. */
	text: string;
}

/** One running guest: a clone of a template, or a cold-booted VM. */
export interface Guest {
	readonly kernel: Kernel;
	readonly client: GuestClient;
	/** The guest's answer to `hello`. */
	readonly greeting: Result<"hello">;
	/** How it came up. */
	readonly origin: "clone" | "boot";
	/** What each clone of its template has before anything ran; absent for a booted guest. */
	readonly inventory?: Inventory;
	/** Why it was booted instead of cloned; belongs in the evidence. */
	readonly fallback?: string;
	/** Process id of its QEMU. */
	readonly pid: number;
	/**
	 * The host's view: programs, maps and links as the kernel's memory has them, read from outside.
	 * Nothing in the guest takes part or can notice. The guest stands still meanwhile.
	 * @throws UndecidedError of `look` (view/host-view.ts), and `guest-died`
	 */
	view(): Promise<KernelObjects>;
	/** Splats since this guest came up, complete once the console is quiet or the guest is dead. */
	splats(): Promise<Splat[]>;
	/** The last 64 KiB of its console. */
	console(): string;
	/** QEMU's peak memory in KiB (VmHWM of proc(5)), with pages shared with the template. */
	peakMemory(): Promise<number>;
	/** Ends the VM and frees everything on the host that belonged to it. Never throws. */
	dispose(): Promise<void>;
}
