// SPDX-License-Identifier: Apache-2.0
import { agentPath } from "../guest/build.js";
import { initramfsFor } from "../kernel/initramfs.js";
import { openKernel } from "../kernel/store.js";
import type { BootKit } from "./qemu.js";

/** What a kernel is booted from, for tests of what `Machines` is made of. */
export async function bootKit(id: string): Promise<BootKit> {
	const kernel = await openKernel(id);
	const { path, sha256 } = await initramfsFor(kernel, agentPath(kernel.arch));
	return { ...kernel, initramfs: path, initramfs_sha256: sha256 };
}
