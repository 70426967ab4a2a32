// SPDX-License-Identifier: Apache-2.0
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest } from "../machine/vm/guest.js";

/** Writes the files that the kernel's guests need into a fresh guest. */
export async function writeFiles({ client }: Guest, kernel: Kernel): Promise<void> {
	for (const { path, bytes } of kernel.guest?.files ?? [])
		await client.call("file_write", { path, data: bytes, mode: 0o755, parents: true });
}
