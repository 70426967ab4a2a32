// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../guest/client.js";
import type { Result } from "../guest/operations.js";
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
	/** What the agent said of the guest when it was greeted: release, CPUs, memory. */
	readonly hello: Result<"hello">;
	/** How it came up; a fallback from `clone` to `boot` is said in the evidence. */
	readonly origin: "clone" | "boot";
	/** Splats seen since this guest came up; settled: called after the console went quiet or the guest died. */
	splats(): Promise<Splat[]>;
	/** Ends the VM and everything on the host that belonged to it. Never throws. */
	dispose(): Promise<void>;
}
