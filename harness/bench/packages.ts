// SPDX-License-Identifier: Apache-2.0

import { loadCheck } from "../checks/load/load-check.js";
import type { Package } from "../data/package/package.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { testPackages } from "../run/test-packages.js";
import { type Figure, inTurn, median, rounded } from "./figure.js";

const turns = 3;
const many = 100;
const few = 4;

/** Packages per second on one kernel, on fresh clones beside freshly booted guests. */
export async function throughputFigure(pkg: Package, kernel: Kernel, jobs: number): Promise<Figure> {
	const { a: cloned, b: booted } = await inTurn(
		turns,
		() => packagesPerSecond(pkg, kernel, jobs, many, false),
		() => packagesPerSecond(pkg, kernel, jobs, few, true),
	);
	return {
		name: `packages/${kernel.id}`,
		value: rounded(median(cloned)),
		unit: "packages/s",
		against: "each on a guest booted from cold",
		ratio: rounded(median(cloned) / median(booted)),
		how: `median of ${turns} runs of ${many} copies of ${pkg.name} (other side: ${few}), in turn, ${jobs} guests at a time, load check, kernel ${kernel.id}, template warm`,
	};
}

async function packagesPerSecond(
	pkg: Package,
	kernel: Kernel,
	jobs: number,
	count: number,
	cold: boolean,
): Promise<number> {
	const packages = Array.from({ length: count }, (_, index) => ({ ...pkg, name: `${pkg.name}-${index}` }));
	const { signal } = new AbortController();
	const started = performance.now();
	const request = { packages, kernels: [kernel], checks: [loadCheck], jobs, signal, cold };
	for await (const event of testPackages(request)) {
		if (event.type !== "finding") continue;
		if (event.result.outcome !== "pass") throw new Error(event.result.reason?.message);
	}
	return count / ((performance.now() - started) / 1000);
}
