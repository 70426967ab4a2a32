// SPDX-License-Identifier: Apache-2.0
import type { Reason } from "../../base/results.js";
import { lackReason } from "../../lab/findings.js";
import type { Lack } from "../../machine/features/missing.js";
import { askToken } from "../../machine/features/token.js";
import type { GuestError } from "../../machine/guest/client.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Guest } from "../../machine/vm/guest.js";
import { mountOptionNames } from "./model/mount-options.js";

/** The kernel has no BPF tokens, or an unprivileged user cannot get one. */
export class TokensMissing extends Error {
	override name = "TokensMissing";

	constructor(readonly lack: Lack) {
		super(lack.message);
	}

	get reason(): Reason {
		return lackReason(this.lack);
	}
}

/** Asks the kernel for BPF tokens. @throws TokensMissing where it has none */
export async function requireTokens({ client, kernel }: Guest): Promise<void> {
	const { create, mount_options } = await askToken(client);
	const missing = Object.values(mountOptionNames).filter((name) => !mount_options.includes(name));
	if (create && missing.length === 0) return;
	const lacks = create ? `its bpffs does not take ${missing.join(", ")}` : "bpf(2) has no BPF_TOKEN_CREATE";
	throw new TokensMissing({
		state: "unsupported",
		message: `kernel ${kernel.id} has no BPF tokens: ${lacks}`,
		hint: "use Linux 6.9 or later; older kernels load the package only as root of the initial user namespace",
	});
}

/** The kernel's refusal of a user namespace, as a lack. */
export function noUserNamespaces({ id }: Kernel, { message }: GuestError): TokensMissing {
	return new TokensMissing({
		state: "disabled",
		message: `kernel ${id} gives unprivileged users no user namespace: ${message}`,
		hint: "check CONFIG_USER_NS, user.max_user_namespaces and the distribution's restrictions of user namespaces",
	});
}
