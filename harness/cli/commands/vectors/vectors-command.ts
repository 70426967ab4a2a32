// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { checkCommand } from "./check-vectors.js";
import { listCommand } from "./list-vectors.js";
import { recordCommand } from "./record-vectors.js";

/**
 * `bpfgate vectors record|list|check`
 *
 * @param signal asked for only once guests are to be started
 */
export function vectorsCommand(signal: () => AbortSignal): Command {
	return new Command("vectors")
		.description("the packet vectors of a package")
		.addCommand(recordCommand(signal))
		.addCommand(listCommand())
		.addCommand(checkCommand());
}
