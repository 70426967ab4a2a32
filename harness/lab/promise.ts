// SPDX-License-Identifier: Apache-2.0
import type { KernelPromise, PromiseArea } from "../base/kernel-promise.js";
import type { Kernel } from "../machine/kernel/kernel.js";

export { broken, KernelPromise, type PromiseArea, promiseAreas } from "../base/kernel-promise.js";

/** Answers for a kernel what it promises. */
export interface PromiseSource {
	/** What was seen before; undefined when the kernel has not been asked. */
	kept(kernel: Kernel, area: PromiseArea): Promise<readonly KernelPromise[] | undefined>;
	/** Asks the kernel, in guests of its own. Throws UndecidedError when it cannot be asked. */
	ask(kernel: Kernel, area: PromiseArea): Promise<readonly KernelPromise[]>;
}
