// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { printableLines } from "../../../base/printable.js";
import { auditDelegation } from "../../../checks/token/token-audit.js";
import { type AuditedKernel, auditJson, auditText } from "./audit-text.js";
import { delegationArgument } from "./delegation-argument.js";
import { withKernels } from "./each-kernel.js";
import { kernelsOption } from "./kernels-option.js";

/** `bpfgate token audit` */
export function auditCommand(signal: () => AbortSignal): Command {
	return new Command("audit")
		.description("try what a delegation lets in, and say what a user could do with it")
		.argument(
			"<delegation...>",
			"delegate_progs=kprobe,... | security.bpffs.delegate_progs=kprobe | cap_bpf,... | token.conf | <package>",
		)
		.addOption(kernelsOption())
		.option("--json", "print JSON")
		.addHelpText(
			"after",
			"\nWithout a capability the user is taken to hold every one of his user namespace, as in a container.",
		)
		.action(async (texts: string[], { kernels: wanted, json }: { kernels: string[]; json?: boolean }) => {
			const delegation = await delegationArgument(texts);
			const audited = await withKernels(wanted, signal(), async (kernels, lend) => {
				const found: AuditedKernel[] = [];
				for (const kernel of kernels)
					found.push({
						id: kernel.id,
						audit: await lend(kernel, (bench) => auditDelegation(delegation, bench)),
					});
				return found;
			});
			const text = json
				? JSON.stringify(auditJson(delegation, audited), null, "\t")
				: printableLines(auditText(delegation, audited)).join("\n");
			process.stdout.write(`${text}\n`);
		});
}
