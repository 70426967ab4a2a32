// SPDX-License-Identifier: Apache-2.0

/** What a guest has for the package that it is made for. */
export interface GuestNeeds {
	/** Memory in MiB; default `defaultMemoryMiB`. */
	memory?: number;
	/** Loaded before anything of the package, in this order. */
	modules?: readonly GuestModule[];
	/** Written into each, with mode 0755. */
	files?: readonly { path: string; bytes: Uint8Array }[];
	/** Functions and tracepoints that neither the kernel nor any of its modules has. */
	lacking?: readonly string[];
	/** Why it could not be found out which modules the package needs. */
	unsearched?: string;
}

/** A module of the kernel, and its file on the host, maybe compressed. */
export interface GuestModule {
	name: string;
	file: string;
	/** The functions and tracepoints that it is loaded for. */
	has?: readonly string[];
}

/** MiB of a guest whose package needs nothing special. */
export const defaultMemoryMiB = 256;

/** A kernel that is in the store and can be booted. */
export interface Kernel {
	/** Its line (`6.12`), or the name it was added under. */
	id: string;
	/** `uname -r`. */
	release: string;
	/** `uname -m`. */
	arch: string;
	/** Absolute path of the bootable image (bzImage), whose digest has been checked. */
	image: string;
	image_sha256: string;
	/**
	 * Folder with `modules.dep` (depmod(8)), `modules.builtin`, `modules.list` (all shipped names)
	 * and the uncompressed module files a guest may need.
	 */
	modules?: string;
	/** Digest over all files in that folder. */
	modules_sha256?: string;
	/** Path of the build configuration, when it is known. */
	config?: string;
	/** Where it came from: package and version, or the file it was added from. */
	source: string;
	/** What guests of it have besides the kernel. */
	guest?: GuestNeeds;
}

/** True when a guest of one is as good as a guest of the other. */
export function alike(one: Kernel, other: Kernel): boolean {
	return one.id === other.id && memoryOf(one) === memoryOf(other);
}

/** MiB of memory that a guest of the kernel gets. */
export function memoryOf({ guest }: Pick<Kernel, "guest">): number {
	return guest?.memory ?? defaultMemoryMiB;
}
