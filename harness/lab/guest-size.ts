// SPDX-License-Identifier: Apache-2.0
import { totalmem } from "node:os";
import { mapBytes } from "../data/package/map-memory.js";
import type { Package } from "../data/package/package.js";
import { reason } from "../data/reasons/registry/registry.js";
import { defaultMemoryMiB, type GuestNeeds, type Kernel } from "../machine/kernel/kernel.js";
import type { Finding } from "./check.js";

/** MiB that kernel, agent and everything but large maps need, with room to work in. */
const otherMiB = 160;
/** Maps that are being freed while the next ones are made, and what the estimate misses. */
const margin = 1.25;
/** MiB of the host that guests must leave. */
const hostMiB = 512;
const mib = 1024 * 1024;

/** MiB for these packages' maps and files: a power of two, as each size has a template. */
export function memoryForMaps(packages: readonly Package[]): number {
	const needed = otherMiB + (bytesOf(packages) * margin) / mib;
	return Math.max(defaultMemoryMiB, 2 ** Math.ceil(Math.log2(needed)));
}

/**
 * The kernel with what its guests need for a package.
 * @param others packages whose objects are loaded beside it
 * @param wanted what the user asks for: it counts more than the manifest and the estimate
 */
export function kernelFor(
	kernel: Kernel,
	pkg: Package,
	others: readonly Package[] = [],
	wanted: Pick<GuestNeeds, "memory"> = {},
): Kernel {
	const memory = wanted.memory ?? pkg.manifest.guest?.memory ?? memoryForMaps([...new Set([pkg, ...others])]);
	const files = pkg.guestFiles;
	if (memory === defaultMemoryMiB && files.length === 0) return kernel;
	return { ...kernel, guest: { ...kernel.guest, memory, ...(files.length > 0 ? { files } : {}) } };
}

/** Why no guest of this host can hold the package's maps. @param host memory in MiB */
export function tooLargeForHost(
	pkg: Package,
	host = Math.floor(totalmem() / mib),
): Pick<Finding, "reason" | "evidence"> | undefined {
	const maps = Math.ceil(bytesOf([pkg]) / mib);
	const needed = Math.ceil(otherMiB + maps);
	if (needed <= defaultMemoryMiB || needed + hostMiB <= host) return undefined;
	return { reason: reason("host-too-small", { mib: needed, maps, host }), evidence: { maps_mib: maps } };
}

function bytesOf(packages: readonly Package[]): number {
	const maps = packages.flatMap(({ objects }) => objects.map(mapBytes));
	const files = packages.flatMap(({ guestFiles }) => guestFiles.map(({ bytes }) => bytes.length));
	return [...maps, ...files].reduce((sum, bytes) => sum + bytes, 0);
}
