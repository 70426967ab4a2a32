// SPDX-License-Identifier: Apache-2.0

import type { Reason } from "../../base/results.js";
import { askToken } from "../../machine/features/token.js";
import type { GuestError } from "../../machine/guest/client.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Guest } from "../../machine/vm/guest.js";
import { mountOptionNames } from "./model/mount-options.js";

/** Why a kernel makes no tokens, of what it says itself; undefined when it makes them. */
export async function whyNoTokens({ client, kernel }: Guest): Promise<Reason | undefined> {
	const { create, mount_options } = await askToken(client);
	const missing = Object.values(mountOptionNames).filter((name) => !mount_options.includes(name));
	if (create && missing.length === 0) return undefined;
	const lacks = create ? `its bpffs takes no ${missing.join(", ")}` : "bpf(2) knows no BPF_TOKEN_CREATE";
	return {
		code: "feature-unsupported",
		message: `kernel ${kernel.id} has no BPF tokens: ${lacks}`,
		hint: "tokens came with Linux 6.9; before that only root of the machine loads the package",
	};
}

/** Why nobody gets a user namespace, of what the kernel answers to who asks for one. */
export function noNamespaces({ id }: Kernel, { message }: GuestError): Reason {
	return {
		code: "feature-disabled",
		message: `kernel ${id} gives nobody without privileges a user namespace: ${message}`,
		hint: "look at CONFIG_USER_NS, user.max_user_namespaces and what the distribution has against user namespaces",
	};
}
