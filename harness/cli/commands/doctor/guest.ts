// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../../base/errors.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import type { Acceleration } from "../../../machine/vm/accelerator.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { Diagnosis } from "./diagnosis.js";

/** The part of `Machines` that the doctor uses. */
export interface Booting {
	acceleration(kernel: Kernel, fresh: boolean): Promise<Acceleration>;
	boot(kernel: Kernel): Promise<Pick<Guest, "dispose" | "view">>;
}

/** Boots a guest: only that proves that this machine can, and that its KVM works. */
export async function diagnoseGuest(kernel: Kernel, machines: Booting): Promise<Diagnosis[]> {
	const acceleration = await machines.acceleration(kernel, true);
	const accelerated = acceleration.accelerator !== "tcg";
	return [
		{
			name: "acceleration",
			state: accelerated ? "ok" : "absent",
			found: `${acceleration.accelerator}: ${acceleration.why}`,
			why: "makes guests several times faster; everything works without it",
			fix: accelerated ? [] : ["use a host with working KVM, as a member of the group kvm"],
		},
		await boot(kernel, machines),
	];
}

async function boot(kernel: Kernel, machines: Booting): Promise<Diagnosis> {
	const why = "every test needs a kernel that boots";
	const started = performance.now();
	try {
		const guest = await machines.boot(kernel);
		const seconds = ((performance.now() - started) / 1000).toFixed(1);
		try {
			await guest.view();
		} catch (error) {
			// The kernel's fault, not this machine's.
			if (!(error instanceof UndecidedError && error.code === "host-view-unavailable")) throw error;
		} finally {
			await guest.dispose();
		}
		return {
			name: "guest",
			state: "ok",
			found: `${kernel.release} booted and answered after ${seconds} s`,
			why,
			fix: [],
		};
	} catch (error) {
		if (!(error instanceof UndecidedError)) throw error;
		return { name: "guest", state: "missing", found: error.message, why, fix: [error.hint] };
	}
}
