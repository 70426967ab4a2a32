// SPDX-License-Identifier: Apache-2.0

import { UndecidedError } from "../base/errors.js";
import type { KernelPromise, PromiseArea } from "../base/kernel-promise.js";
import type { KernelRecord } from "../base/results.js";
import type { PromiseSource } from "../lab/promise.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { RunEvent } from "./events.js";

/** What the kernels of a run promise: asked of those that were not asked before. */
export class KernelPromises {
	readonly #found = new Map<string, Map<PromiseArea, readonly KernelPromise[]>>();

	constructor(
		private readonly options: { promises?: PromiseSource; signal: AbortSignal },
		private readonly emit: (event: RunEvent) => void,
	) {}

	/** Finds out what the kernel promises in the area; reports a failure and goes on. */
	async find(kernel: Kernel, area: PromiseArea): Promise<void> {
		const { promises: source, signal } = this.options;
		if (!source) return;
		const kept = await source.kept(kernel, area);
		if (kept) {
			this.#keep(kernel, area, kept);
			return;
		}
		this.emit({ type: "qualify-start", kernel: kernel.id, area });
		try {
			const promises = await source.ask(kernel, area);
			this.#keep(kernel, area, promises);
			this.emit({ type: "qualify-end", kernel: kernel.id, area, promises });
		} catch (error) {
			if (signal.aborted) return;
			if (!(error instanceof UndecidedError)) throw error;
			const { code, message, hint } = error;
			this.emit({ type: "qualify-failed", kernel: kernel.id, area, reason: { code, message, hint } });
		}
	}

	#keep(kernel: Kernel, area: PromiseArea, promises: readonly KernelPromise[]): void {
		const areas = this.#found.get(kernel.id) ?? new Map();
		this.#found.set(kernel.id, areas.set(area, promises));
	}

	/** For the results document. */
	record(kernel: Kernel): Pick<KernelRecord, "promises"> {
		const areas = this.#found.get(kernel.id);
		return areas ? { promises: Object.fromEntries(areas) } : {};
	}
}
