// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../data/package/package.js";
import type { ChainSource } from "../data/package/sections/chain-file.js";
import { withModules } from "../lab/guest-modules.js";
import { kernelFor, tooLargeForHost } from "../lab/guest-size.js";
import type { KernelFunctions } from "../machine/features/functions.js";
import type { Kernel } from "../machine/kernel/kernel.js";

/** What guests have at the user's wish. */
export interface GuestWishes {
	/** In MiB. */
	memory?: number;
	/** Modules of the kernel, by name. */
	modules?: readonly string[];
}

/** What of a run decides which guests its packages get. */
export interface Fitting {
	packages: readonly Package[];
	chains?: readonly ChainSource[];
	guest?: GuestWishes;
	functions?: KernelFunctions;
}

/** A package, and those that its chains may load beside it. */
function besides(pkg: Package, { packages, chains = [] }: Fitting): readonly Package[] {
	const chained = chains.length > 0 || (pkg.manifest.chains ?? []).length > 0;
	return chained ? [...new Set([pkg, ...packages])] : [pkg];
}

/** The kernel with memory for a package. */
export function sized(kernel: Kernel, pkg: Package, options: Fitting): Kernel {
	return kernelFor(kernel, pkg, besides(pkg, options), options.guest);
}

/** The kernel with memory and modules for a package. */
export async function fitted(kernel: Kernel, pkg: Package, options: Fitting): Promise<Kernel> {
	const { functions, guest } = options;
	const large = sized(kernel, pkg, options);
	if (!functions || tooLargeForHost(pkg)) return large;
	return withModules(large, besides(pkg, options), guest?.modules ?? [], functions);
}
