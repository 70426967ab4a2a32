// SPDX-License-Identifier: Apache-2.0
import { printableJson, printableLines } from "../../../base/printable.js";
import { auditDelegation } from "../../../checks/token/token-audit.js";
import type { Action } from "../../terminal/command-table.js";
import { type AuditedKernel, auditJson, auditText } from "./audit-text.js";
import { delegationArgument } from "./delegation-argument.js";
import { withKernels } from "./each-kernel.js";

export const run: Action<"token audit"> = async ([texts], options, { write, signal }) => {
	const { kernel, kernels, json, cellTimeout } = options;
	const delegation = await delegationArgument([texts ?? []].flat());
	const wanted = kernel ?? kernels ?? ["default"];
	const audited = await withKernels(wanted, signal(), { cellTimeout }, async (opened, lend) => {
		const found: AuditedKernel[] = [];
		for (const each of opened)
			found.push({ id: each.id, audit: await lend(each, (bench) => auditDelegation(delegation, bench)) });
		return found;
	});
	const text = json
		? printableJson(auditJson(delegation, audited))
		: printableLines(auditText(delegation, audited)).join("\n");
	write(`${text}\n`);
};
