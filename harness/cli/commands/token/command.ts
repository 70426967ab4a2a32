// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { auditCommand } from "./audit.js";
import { demoCommand } from "./demo.js";
import { inferCommand } from "./infer.js";

/**
 * `bpfgate token infer|audit|demo`
 *
 * @param signal asked for only once guests are to be started
 */
export function tokenCommand(signal: () => AbortSignal): Command {
	return new Command("token")
		.description("BPF tokens: what a package needs of one, and what one lets in")
		.addCommand(inferCommand(signal))
		.addCommand(auditCommand(signal))
		.addCommand(demoCommand(signal));
}
