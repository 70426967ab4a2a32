// SPDX-License-Identifier: Apache-2.0

import { type Admitted, abilities, attaching } from "../../../checks/token/model/abilities.js";
import { type Delegation, settingsOf } from "../../../checks/token/model/delegation.js";
import { printMountOptions } from "../../../checks/token/model/mount-options.js";
import type { Audit } from "../../../checks/token/token-audit.js";
import { anyName } from "../../../data/package/sections/token.js";

export interface AuditedKernel {
	id: string;
	audit: Audit;
}

/** What each kernel allows, equal kernels together, and what a user could do with it. */
export function auditText(delegation: Delegation, kernels: readonly AuditedKernel[]): string {
	const held = delegation.capabilities.includes(anyName)
		? "every capability of the user namespace"
		: delegation.capabilities.join(", ");
	const lines = [`delegated: ${printMountOptions(delegation) || "nothing"}`, `to a user with ${held}`];
	for (const group of alike(kernels)) {
		const ids = group.map(({ id }) => id);
		const { admitted, reason, tried, unasked } = group[0]!.audit;
		lines.push(
			"",
			`kernel ${ids.join(", ")}:${admitted ? ` ${tried} calls to bpf(2) tried` : ` ${reason?.message}`}`,
		);
		if (!admitted) continue;
		lines.push(...admittedLines(admitted), ...vainLines(delegation, admitted));
		lines.push(...unaskedLines(unasked), ...meaningLines(admitted));
	}
	return `${lines.join("\n")}\n`;
}

/** Groups of kernels that allow the same. */
function alike(kernels: readonly AuditedKernel[]): AuditedKernel[][] {
	const groups = new Map<string, AuditedKernel[]>();
	for (const kernel of kernels) {
		const { admitted, reason, unasked } = kernel.audit;
		const key = JSON.stringify(admitted ? [admittedJson(admitted), unasked] : reason?.code);
		groups.set(key, [...(groups.get(key) ?? []), kernel]);
	}
	return [...groups.values()];
}

function admittedLines({ programs, maps, commands }: Admitted): string[] {
	const none = (list: readonly string[]) => (list.length === 0 ? ["none"] : list);
	return [
		"  loads programs",
		...none([...programs].map(([type, attachments]) => `${type} (${attachments.join(", ")})`)).map(
			(line) => `    ${line}`,
		),
		`  creates maps: ${none(maps).join(", ")}`,
		`  calls: ${none(commands).join(", ")}`,
	];
}

/** Why nothing of a delegated kind is allowed: another kind that it needs is missing. */
function vainLines(delegation: Delegation, { programs, maps }: Admitted): string[] {
	const { programs: types, attachments } = delegation;
	const lacks = (name: string) => !delegation.commands.some((each) => each === name || each === anyName);
	const vain: string[] = [];
	if (programs.size === 0 && types.length > 0 && lacks("prog_load"))
		vain.push("no program loads without the command prog_load: the delegated program types have no effect");
	if (programs.size === 0 && types.length > 0 && attachments.length === 0)
		vain.push("no program loads without its attach type; programs without one need cgroup_inet_ingress");
	if (programs.size === 0 && types.length === 0 && !lacks("prog_load"))
		vain.push("prog_load has no effect: no program type is delegated");
	if (maps.length === 0 && delegation.maps.length > 0 && lacks("map_create"))
		vain.push("no map is created without the command map_create: the delegated map types have no effect");
	return vain.map((line) => `  ${line}`);
}

function unaskedLines(unasked: readonly string[]): string[] {
	return unasked.length === 0
		? []
		: [`  the kernel takes no token for ${unasked.join(", ")}: delegating it has no effect`];
}

function meaningLines(admitted: Admitted): string[] {
	const can = abilities(admitted);
	if (can.length === 0) return ["  a user can do nothing with this token"];
	const by = (names: readonly string[]) =>
		names.length > 6 ? `${names.slice(0, 6).join(", ")} …` : names.join(", ");
	const ways = attaching.flatMap(({ programs, sentence }) => {
		const these = programs.filter((type) => admitted.programs.has(type));
		return these.length === 0 ? [] : [`    ${these.join(", ")}: ${sentence}`];
	});
	return [
		"  a user of this token",
		...can.map(({ sentence, by: names }) => `    - ${sentence} (${by(names)})`),
		...(ways.length > 0 ? ["  how programs attach, which no token authorises", ...ways] : []),
	];
}

function admittedJson({ programs, maps, commands, readsKernel, writesUser }: Admitted) {
	return {
		programs: Object.fromEntries(programs),
		maps,
		commands,
		reads_kernel_memory: readsKernel,
		writes_user_memory: writesUser,
	};
}

export function auditJson(delegation: Delegation, kernels: readonly AuditedKernel[]): unknown {
	return {
		token: settingsOf(delegation),
		kernels: kernels.map(({ id, audit: { admitted, reason, tried, unasked } }) => ({
			id,
			tried,
			...(admitted ? { admitted: admittedJson(admitted), abilities: abilities(admitted), unasked } : {}),
			...(reason ? { reason } : {}),
		})),
	};
}
