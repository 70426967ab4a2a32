// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";

/** libbpf's numbers for unresolved calls (`poison_*`, `bpf_core_poison_insn` in libbpf.c). */
const poisonedRelocation = 195896080;
const poisonedMap = 2001000000;
const poisonedKfunc = 2002000000;

/** What libbpf logs for an unresolved call, and the bare number where there was no room. */
export const unresolvedRules: readonly Rule[] = [
	{
		code: "core-relocation",
		pattern:
			/^failed to resolve CO-RE relocation <(?<relocation>[a-z0-9_]+)> \[\d+\] (?:(?:struct|union|enum|enum64|typedef|const|volatile) )*(?<type>[A-Za-z0-9_$<>]+)(?:(?:\.|::)(?<field>[^ (]+))?/,
		says: ({ relocation, type, field }) => {
			const kernelType = String(type).replace(/___.*$/, "");
			if (field === undefined) return `needs type ${kernelType}, which this kernel does not have`;
			const member = String(relocation).startsWith("enumval") ? "enumerator" : "field";
			return `needs ${member} ${field} of ${kernelType}, which this kernel does not have`;
		},
	},
	{
		code: "kfunc-missing",
		pattern: /^kfunc '(?<kfunc>[^']+)' is referenced but wasn't resolved/,
		says: ({ kfunc }) => `calls kernel function ${kfunc}, which this kernel does not have`,
		feature: ({ kfunc }) => `kfunc:${kfunc}`,
	},
	{
		code: "kfunc-missing",
		pattern: /^invalid kernel function call not eliminated in verifier pass/,
		says: () => "can reach a call of a kernel function that this kernel does not have",
	},
	{
		code: "core-relocation",
		pattern: /^(?<what>relo #\d+: bad type id \d+|target candidate search failed for \d+)/,
		says: ({ what }) => `cannot be fitted to this kernel's types: ${what}`,
	},
	{
		code: "map-type-unsupported",
		pattern: /^BPF map '(?<map>[^']+)' is referenced but wasn't created/,
		says: ({ map }) => `uses map ${map}, which was not created on this kernel`,
	},
	{
		code: "core-relocation",
		pattern: /^invalid func unknown#(?<helper_id>\d+)/,
		when: ({ helper_id }) => helper_id === poisonedRelocation,
		says: () => "needs a type, field or enumerator that this kernel does not have (libbpf did not say which)",
	},
	{
		code: "kfunc-missing",
		pattern: /^invalid func unknown#(?<helper_id>\d+)/,
		when: ({ helper_id }) =>
			Number(helper_id) >= poisonedKfunc && Number(helper_id) < poisonedKfunc + 1_000_000,
		says: () => "calls a kernel function that this kernel does not have (libbpf did not say which)",
	},
	{
		code: "map-type-unsupported",
		pattern: /^invalid func unknown#(?<helper_id>\d+)/,
		when: ({ helper_id }) => Number(helper_id) >= poisonedMap && Number(helper_id) < poisonedKfunc,
		says: () => "uses a map that was not created on this kernel (libbpf did not say which)",
	},
];
