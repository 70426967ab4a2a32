// SPDX-License-Identifier: Apache-2.0
import { anyName } from "../../data/package/sections/token.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Delegation } from "./model/delegation.js";
import type { BareCall } from "./token-call.js";

/** Whoever has the declared token, and can make a bare call with it. */
interface Holder {
	readonly declared: Delegation;
	declaredUser(): Promise<GuestClient>;
	declaredPath(): Promise<string>;
	tryAt(client: GuestClient, path: string, call: BareCall): Promise<number>;
}

const zeroAttachType = "cgroup_inet_ingress";

/**
 * A call that the declared token allows and that is refused without it, for whoever wants to know
 * whether the token is good for something; undefined when no bare call is, because the package
 * needs more than that.
 */
export async function sampleCall(scene: Holder): Promise<BareCall | undefined> {
	const client = await scene.declaredUser();
	const path = await scene.declaredPath();
	for (const call of candidates(scene.declared))
		if ((await scene.tryAt(client, path, call)) === 0) return call;
	return undefined;
}

function candidates({ commands, maps, programs, attachments }: Delegation): BareCall[] {
	const has = (command: string) => commands.includes(command) || commands.includes(anyName);
	const expand = (names: readonly string[], instead: string) =>
		names.includes(anyName) ? [instead] : [...names];
	const types = has("map_create") ? expand(maps, "array") : [];
	const loads = has("prog_load") ? expand(programs, "socket_filter") : [];
	const attach = expand(attachments, zeroAttachType);
	return [
		...types.map((map): BareCall => ({ command: "map_create", map })),
		...loads.flatMap((program) =>
			attach.map((attachment): BareCall => ({ command: "prog_load", program, attachment })),
		),
		...(has("btf_load") ? [{ command: "btf_load" } as const] : []),
	];
}
