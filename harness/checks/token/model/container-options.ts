// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { Delegation } from "./delegation.js";
import { delegationOfGrants } from "./delegation.js";
import { type DelegatedKind, delegatedKinds, mountOptionNames, parseNames } from "./mount-options.js";

/** LXD delegates only where this is true. */
const lxdSwitch = "security.delegate_bpf";
/** LXD's keys; those of Incus have the names of bpffs mount options. */
const lxdKeys: Readonly<Record<DelegatedKind, string>> = {
	commands: "security.delegate_bpf.cmd_types",
	maps: "security.delegate_bpf.map_types",
	programs: "security.delegate_bpf.prog_types",
	attachments: "security.delegate_bpf.attach_types",
};
const incusKey = (kind: DelegatedKind) => `security.bpffs.${mountOptionNames[kind]}`;

/** Instance options of Incus, `key=value` each, as `incus config set <instance>` takes them. */
export function incusKeys(delegation: Delegation): string[] {
	return delegatedKinds
		.filter((kind) => delegation[kind].length > 0)
		.map((kind) => `${incusKey(kind)}=${delegation[kind].join(",")}`);
}

/** Instance options of LXD, `key=value` each, as `lxc config set <instance>` takes them. */
export function lxdOptions(delegation: Delegation): string[] {
	return [
		`${lxdSwitch}=true`,
		...delegatedKinds
			.filter((kind) => delegation[kind].length > 0)
			.map((kind) => `${lxdKeys[kind]}=${delegation[kind].join(":")}`),
	];
}

/**
 * What an option `key=value` delegates; nothing for LXD's switch, undefined for other options.
 * @throws InputError for a name that the kernel does not have, and for a switch that is off
 */
export function parseInstanceOption(option: string): Delegation | undefined {
	const [key = "", value = ""] = option.split(/=(.*)/s);
	if (key === lxdSwitch) {
		if (value === "true") return delegationOfGrants([]);
		throw new InputError(option, "", `delegates nothing: LXD delegates only where ${lxdSwitch} is true`);
	}
	const kind = delegatedKinds.find((each) => incusKey(each) === key || lxdKeys[each] === key);
	if (!kind) return undefined;
	return delegationOfGrants(parseNames(key, "", kind, value.split(/[,:]/)));
}
