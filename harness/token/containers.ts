// SPDX-License-Identifier: Apache-2.0
import type { Delegation } from "./delegation.js";
import { delegationOfGrants } from "./delegation.js";
import { type DelegatedKind, delegatedKinds, mountOptionNames, parseNames } from "./mount-options.js";

/** LXD's keys; those of Incus are called as the options of bpffs. */
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
		"security.delegate_bpf=true",
		...delegatedKinds
			.filter((kind) => delegation[kind].length > 0)
			.map((kind) => `${lxdKeys[kind]}=${delegation[kind].join(":")}`),
	];
}

/**
 * What an instance option of Incus or LXD delegates; undefined when it is none of those.
 *
 * @param option `key=value`
 * @throws InputError for a name that the kernel does not know
 */
export function parseInstanceOption(option: string): Delegation | undefined {
	const [key = "", value = ""] = option.split(/=(.*)/s);
	const kind = delegatedKinds.find((each) => incusKey(each) === key || lxdKeys[each] === key);
	if (!kind) return undefined;
	return delegationOfGrants(parseNames(key, "", kind, value.split(/[,:]/)));
}
