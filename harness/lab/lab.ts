// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { InputError } from "../base/errors.js";
import type { RunRecord } from "../base/results.js";
import { KernelFunctions } from "../machine/features/functions.js";
import { KernelFeatures } from "../machine/features/source.js";
import { agentPath } from "../machine/guest/build.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { Machines } from "../machine/vm/machine.js";
import { GuestPool } from "../machine/vm/pool.js";
import { CellLimit } from "./cell-limit.js";
import type { PromiseSource } from "./promise.js";
import { CellWorkbench } from "./workbench.js";

export interface LabOptions {
	/** Guests in use at the same time; default 1. */
	jobs?: number;
	/** Boots every guest instead of cloning it, for those who doubt the clones. */
	cold?: boolean;
	/** Milliseconds without an answer or progress after which a guest counts as hung. */
	guestTimeout?: number | undefined;
	/** What kernels promise; default: a bench that asks for promises throws. */
	promises?: PromiseSource;
	/** Ends guests at once. */
	signal: AbortSignal;
}

/** Guests of real kernels, for checks to work with. */
export interface Lab extends AsyncDisposable {
	readonly features: KernelFeatures;
	readonly functions: KernelFunctions;
	readonly guests: GuestPool;
	readonly signal: AbortSignal;
	/** The host, in the results. @throws UndecidedError when this host can run no guest */
	host(kernel: Kernel): Promise<Pick<RunRecord, "bpfgate" | "accelerator" | "qemu">>;
	/** A bench on a kernel; `retire` ends its guest. */
	bench(kernel: Kernel, limit?: CellLimit): CellWorkbench;
	/** Lends a bench while `work` runs. @throws UndecidedError `cell-timeout` after `timeout` ms */
	withBench<T>(kernel: Kernel, work: (bench: CellWorkbench) => Promise<T>, timeout?: number): Promise<T>;
}

/** Opens a laboratory; guests boot when a bench asks. Dispose of it to end them all. */
export function createLab({ jobs = 1, cold = false, guestTimeout, promises, signal }: LabOptions): Lab {
	const patience = guestTimeout === undefined ? {} : { patience: guestTimeout };
	const machines = new Machines({ agent: agentPath, signal, ...patience });
	const fresh = (kernel: Kernel) => (cold ? machines.boot(kernel) : machines.clone(kernel));
	const guests = new GuestPool({ jobs, fresh });
	const features = new KernelFeatures({
		guest: ({ guest: _, ...kernel }) => fresh(kernel),
		agent: agentPath,
	});
	const functions = new KernelFunctions(fresh);
	const end = () => void guests.close();
	signal.addEventListener("abort", end);
	const bench = (kernel: Kernel, limit?: CellLimit) =>
		new CellWorkbench(kernel, {
			guests,
			features,
			signal,
			...(promises ? { promises } : {}),
			...(limit ? { limit } : {}),
		});
	return {
		features,
		functions,
		guests,
		signal,
		bench,
		async host(kernel) {
			const qemu = await machines.qemuVersion(kernel.arch);
			const { accelerator } = await machines.acceleration(kernel);
			return { bpfgate: version(), accelerator, qemu };
		},
		async withBench(kernel, work, timeout) {
			guests.expect(kernel);
			const limit = timeout === undefined ? undefined : new CellLimit(kernel.id, timeout);
			const lent = bench(kernel, limit);
			try {
				return await (limit ? limit.bounded(work(lent)) : work(lent));
			} finally {
				limit?.close();
				await lent.retire();
			}
		},
		async [Symbol.asyncDispose]() {
			signal.removeEventListener("abort", end);
			await guests.close();
		},
	};
}

/** The first of the kernels. @throws InputError when there is none */
export function firstKernel(kernels: readonly Kernel[]): Kernel {
	const [first] = kernels;
	if (!first) throw new InputError("kernels", "", "is empty; name at least one kernel");
	return first;
}

function version(): string {
	const path = new URL("../../package.json", import.meta.url);
	const manifest: { version: string } = JSON.parse(readFileSync(path, "utf8"));
	return manifest.version;
}
