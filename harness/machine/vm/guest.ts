// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../guest/client.js";
import type { Inventory, Result } from "../guest/operations.js";
import type { Kernel } from "../kernel/kernel.js";

/** A line group on the guest's console that means something went wrong in the kernel. */
export interface Splat {
	kind: "panic" | "oops" | "bug" | "warn" | "lockup" | "rcu-stall" | "hung-task" | "out-of-memory";
	/** The line that says what happened, without the time stamp. */
	title: string;
	/** The whole report, bounded. */
	text: string;
}

/** One running guest: a clone of a template, or a cold-booted VM. */
export interface Guest {
	readonly kernel: Kernel;
	readonly client: GuestClient;
	/** What the guest said of itself. */
	readonly greeting: Result<"hello">;
	/** How it came up. */
	readonly origin: "clone" | "boot";
	/** What every clone of its template has before anything ran in it; absent when it was booted. */
	readonly inventory?: Inventory;
	/** Why it was booted although a clone was wanted; belongs into the evidence. */
	readonly fallback?: string;
	/** Of its QEMU. */
	readonly pid: number;
	/**
	 * Splats seen since this guest came up; settled: called after the console went quiet or the
	 * guest died.
	 */
	splats(): Promise<Splat[]>;
	/** The last 64 KiB of its console. */
	console(): string;
	/**
	 * Most memory its QEMU process ever held, in KiB (VmHWM of proc(5)), pages shared with the
	 * template counted.
	 */
	peakMemory(): Promise<number>;
	/** Ends the VM and everything on the host that belonged to it. Never throws. */
	dispose(): Promise<void>;
}
