// SPDX-License-Identifier: Apache-2.0

/** A kernel that is in the store and can be booted. */
export interface Kernel {
	/** Its line (`6.12`), or the name it was added under. */
	id: string;
	/** `uname -r`. */
	release: string;
	/** `uname -m`. */
	arch: string;
	/** Absolute path of the bootable image (bzImage); its digest was checked when this was made. */
	image: string;
	image_sha256: string;
	/**
	 * Folder holding `modules.dep` (as of depmod(8)), `modules.builtin`, `modules.list` (every
	 * module the kernel was shipped with, by name) and the uncompressed module files a guest may
	 * need; absent when it came without modules.
	 */
	modules?: string;
	/** Digest of that folder's listing: changes when any module does. */
	modules_sha256?: string;
	/** Path of the build configuration, when it is known. */
	config?: string;
	/** Where it came from: package and version, or the file it was added from. */
	source: string;
}
