// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { keep, readKept } from "../../../base/schema-cache.js";
import { validator } from "../../../base/validate.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import type { GuestClient } from "../../guest/client.js";
import { QemuMemory, Unreadable } from "./guest-memory.js";
import { KernelLayout, kernelLayout, type Symbols, symbols, Unsupported } from "./kernel-layout.js";
import { type KernelObjects, kernelObjects } from "./kernel-objects.js";

/** How a kernel is read from outside, or what it lacks for that. */
export const HostView = Type.Union([
	Type.Object({ layout: KernelLayout }),
	Type.Object({ lacks: Type.String() }),
]);
export type HostView = Static<typeof HostView>;
const views = validator(HostView);

/** A guest and its QEMU. */
export interface Seen {
	/** The kernel's id, for messages. */
	kernel: string;
	/** `uname -m`. */
	arch: string;
	client: GuestClient;
	/** QEMU's process id. */
	pid: number;
	/** Bytes of RAM. */
	ram: number;
}

/**
 * How the kernels of a template's clones are read: as kept in `file`, or found in this clone, which
 * has run nothing but the agent. Throws UndecidedError `host-view-invalid` and `-refused`.
 */
export async function templateView(file: string, seen: Seen): Promise<HostView> {
	const kept = await readKept(file, views);
	if (kept) return kept;
	const found = await findView(seen);
	await keep(file, `${JSON.stringify(found)}\n`);
	return found;
}

/** As `templateView`, for a guest without a template. */
export async function findView({ kernel, arch, client, pid, ram }: Seen): Promise<HostView> {
	if (arch !== "x86_64") return { lacks: `its architecture is ${arch}, not x86_64` };
	const { addresses } = await client.call("kernel_symbols", { names: [...symbols] });
	const found = Object.fromEntries(
		symbols.map((name, index) => [name, Buffer.from(addresses[index] ?? []).readBigUInt64LE()]),
	) as Symbols;
	try {
		return { layout: reading({ kernel, pid, ram }, (memory) => kernelLayout(memory, found)) };
	} catch (error) {
		if (error instanceof Unsupported) return { lacks: error.message };
		throw error;
	}
}

/**
 * The kernel's objects, read from a guest that stands still. Nothing in the guest takes part.
 * @throws UndecidedError `host-view-unavailable` for a kernel that cannot be read, `-invalid` when
 * its memory is not that of a kernel, `-refused` when the host does not let us read it
 */
export function look(seen: Seen, view: HostView): KernelObjects {
	if ("lacks" in view) throw undecided("host-view-unavailable", { kernel: seen.kernel, why: view.lacks });
	return reading(seen, (memory) => kernelObjects(memory, view.layout));
}

function reading<T>(
	{ kernel, pid, ram }: Pick<Seen, "kernel" | "pid" | "ram">,
	read: (memory: QemuMemory) => T,
): T {
	const memory = new QemuMemory(pid, ram);
	try {
		return read(memory);
	} catch (cause) {
		if (!(cause instanceof Unreadable)) throw cause;
		throw undecided("host-view-invalid", { kernel, why: cause.message }, { cause });
	} finally {
		memory.close();
	}
}
