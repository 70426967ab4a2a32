// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../base/errno.js";
import { undecided } from "../data/reasons/registry/registry.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { readModule } from "../machine/kernel/modules.js";
import type { Guest } from "../machine/vm/guest.js";

/** Where the agent's `module_load` finds modules, and their dependencies. */
const folder = "/modules/lazy";

/**
 * Loads the kernel's needed modules into a fresh guest; false when it needs none.
 * @throws UndecidedError `module-refused`
 */
export async function loadModules({ client }: Guest, kernel: Kernel): Promise<boolean> {
	const modules = kernel.guest?.modules ?? [];
	for (const { name, file } of modules) {
		const path = `${folder}/${name}.ko`;
		const { state: before } = await client.call("module_load", { name });
		if (before === "live" || before === "builtin") continue;
		await client.call("file_write", { path, data: await readModule(file) });
		await client.call("file_write", {
			path: `${folder}/order`,
			data: Buffer.from(`${name}:\n`),
			append: true,
		});
		const { state, errno } = await client.call("module_load", { name });
		await client.call("file_remove", { path });
		if (state !== "live")
			throw undecided("module-refused", { kernel: kernel.id, module: name, errno: errnoName(errno) });
	}
	return modules.length > 0;
}
