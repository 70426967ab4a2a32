// SPDX-License-Identifier: Apache-2.0

import { incusKeys, lxdOptions } from "../../../checks/token/model/container-options.js";
import {
	type Delegation,
	delegationOf,
	delegationOfGrants,
	grantName,
	grantsOf,
	settingsOf,
} from "../../../checks/token/model/delegation.js";
import {
	compareDelegations,
	type DelegationDifference,
} from "../../../checks/token/model/delegation-differences.js";
import { printMountOptions } from "../../../checks/token/model/mount-options.js";
import { printDropIn } from "../../../checks/token/model/systemd-drop-in.js";
import type { Inference } from "../../../checks/token/token-inference.js";
import { tokenKinds } from "../../../data/package/sections/token.js";

/** What was found on each kernel, and for all kernels together. */
export interface Inferred {
	package: { name: string; version: string; declared?: Delegation };
	kernels: { id: string; inference: Inference; enough?: boolean }[];
	/** What the kernels need together; absent where no kernel has a token. */
	together?: Delegation;
}

/** The grants of all kernels together; whether they are enough on each takes another trial. */
export function together(kernels: readonly { inference: Inference }[]): Delegation | undefined {
	const found = kernels.flatMap(({ inference }) => inference.smallest ?? []);
	return found.length === 0 ? undefined : delegationOfGrants(found.flatMap(grantsOf));
}

/** Differences between the declared and the needed token; empty where none is declared. */
export function differences({ package: { declared }, together: needed }: Inferred): DelegationDifference[] {
	return declared && needed ? compareDelegations(declared, needed) : [];
}

/** Exit status: 1 where another token is declared, 3 where no kernel has one. */
export function statusOf(inferred: Inferred): number {
	if (!inferred.together) return 3;
	return differences(inferred).length > 0 ? 1 : 0;
}

export function inferText(inferred: Inferred): string {
	const { package: pkg, kernels, together: needed } = inferred;
	const lines = [`the smallest token for ${pkg.name} ${pkg.version}`];
	const seen = new Map<string, string>();
	for (const { id, inference, enough } of kernels) {
		lines.push("", ...kernelLines(id, inference, seen));
		if (enough === false)
			lines.push(
				"  the grants of all kernels together are not enough here: infer a token for this kernel alone",
			);
	}
	if (!needed) return `${lines.join("\n")}\n`;
	const found = differences(inferred);
	if (pkg.declared)
		lines.push(
			"",
			...(found.length === 0 ? ["the manifest declares exactly this token"] : ["the manifest:"]),
			...found.map(({ kind, message }) => `  ${kind}: ${message}`),
		);
	lines.push("", ...writtenLines(needed));
	return `${lines.join("\n")}\n`;
}

function kernelLines(id: string, inference: Inference, seen: Map<string, string>): string[] {
	const { smallest, reason, trials, ms, ungrantable, notAttached } = inference;
	if (!smallest) return [`kernel ${id}: no token: ${reason?.message}`];
	const tried = `${trials} trials in ${(ms / 1000).toFixed(1)} s`;
	const key = JSON.stringify(smallest);
	const same = seen.get(key);
	seen.set(key, same ?? id);
	return [
		`kernel ${id} (${tried})${same === undefined ? ":" : `: as ${same}`}`,
		...(same === undefined ? delegationLines(smallest) : []),
		...ungrantable.map(
			(name) => `  ${name} was left out: it loads only as root of the initial user namespace`,
		),
		...Object.entries(notAttached).map(
			([name, why]) => `  ${name} loads but does not attach with any token: ${why}`,
		),
	];
}

function delegationLines(delegation: Delegation): string[] {
	return tokenKinds
		.filter((kind) => delegation[kind].length > 0)
		.map((kind) => `  ${kind.padEnd(12)} ${delegation[kind].join(", ")}`);
}

/** The same delegation in every notation that administrators use. */
export function writtenLines(delegation: Delegation): string[] {
	const { text } = printDropIn(delegation);
	const indented = (block: string) =>
		block
			.trimEnd()
			.split("\n")
			.map((line) => `  ${line}`);
	return [
		"bpffs mount options, for a mount in the user namespace:",
		`  ${printMountOptions(delegation)}`,
		"",
		"systemd (from 258), in /etc/systemd/system/<name>.service.d/token.conf:",
		...indented(text),
		"",
		"Incus:",
		...incusKeys(delegation).map((option) => `  ${option}`),
		"",
		"LXD:",
		...lxdOptions(delegation).map((option) => `  ${option}`),
		"",
		"bpfgate.json:",
		...indented(`"token": ${JSON.stringify(settingsOf(delegation), null, "  ")}`),
	];
}

export function inferJson(inferred: Inferred): unknown {
	const { package: pkg, kernels, together: needed } = inferred;
	return {
		package: {
			name: pkg.name,
			version: pkg.version,
			...(pkg.declared ? { declared: settingsOf(pkg.declared) } : {}),
		},
		kernels: kernels.map(({ id, inference: { smallest, reason, notAttached, ...rest }, enough }) => ({
			id,
			...(smallest ? { token: settingsOf(smallest) } : {}),
			...(reason ? { reason } : {}),
			...rest,
			not_attached: notAttached,
			...(enough === undefined ? {} : { together_is_enough: enough }),
		})),
		...(needed
			? {
					token: settingsOf(needed),
					mount_options: printMountOptions(needed),
					systemd: printDropIn(needed).text,
					incus: incusKeys(needed),
					lxd: lxdOptions(needed),
				}
			: {}),
		differences: differences(inferred).map(({ kind, grant, message }) => ({
			kind,
			grant: grantName(grant),
			message,
		})),
	};
}

/** What a package declares, if it declares a token. */
export function declaredOf(token: Parameters<typeof delegationOf>[0]): { declared?: Delegation } {
	return token ? { declared: delegationOf(token) } : {};
}
