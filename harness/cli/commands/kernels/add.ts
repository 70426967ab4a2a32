// SPDX-License-Identifier: Apache-2.0
import { addKernel } from "../../../machine/kernel/add.js";
import type { Action } from "../../terminal/command-table.js";

export const run: Action<"kernels add"> = async ([image], options, { write }) => {
	const { id, release, arch, image_sha256 } = await addKernel({ image: String(image), ...options });
	write(`${id}: ${release} (${arch}), ${image_sha256}\n`);
};
