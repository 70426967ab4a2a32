// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { type Delegation, doesGrant, type Grant, grantName } from "./model/delegation.js";
import type { TokenScene } from "./package-trials.js";
import { type BareCall, tryBare } from "./token-call.js";
import { failed, type Outcome, passed, skipped } from "./token-evidence.js";

/**
 * Grants with which a user can do harm to others than himself, and a call that has no other use.
 */
const dangers: readonly { grant: Grant; call: BareCall }[] = [
	...(
		[
			["xdp", "xdp"],
			["sched_cls", "tcx_ingress"],
			["netfilter", "netfilter"],
			["cgroup_skb", "cgroup_inet_egress"],
			["cgroup_sock_addr", "cgroup_inet4_connect"],
			["kprobe", "trace_kprobe_multi"],
			["tracepoint", "cgroup_inet_ingress"],
			["raw_tracepoint", "cgroup_inet_ingress"],
			["tracing", "trace_fentry"],
			["lsm", "lsm_mac"],
			["struct_ops", "cgroup_inet_ingress"],
			["ext", "cgroup_inet_ingress"],
			["syscall", "cgroup_inet_ingress"],
		] as const
	).map(([name, attachment]) => ({
		grant: { kind: "programs", name } as const,
		call: { command: "prog_load", program: name, attachment } as const,
	})),
	...["sockmap", "devmap", "prog_array", "perf_event_array"].map((name) => ({
		grant: { kind: "maps", name } as const,
		call: { command: "map_create", map: name } as const,
	})),
	{ grant: { kind: "commands", name: "btf_load" }, call: { command: "btf_load" } },
];

/** Those of which a package declares nothing: it must not get them by what it declares. */
export function undeclaredGrants(declared: Delegation): Grant[] {
	return dangers.map(({ grant }) => grant).filter((grant) => !doesGrant(declared, grant));
}

/**
 * A call that the declared token must not allow. That the kernel would otherwise do it is tried
 * with everything delegated, to the same user with every capability.
 */
export async function undeclaredOutcome(scene: TokenScene, grant: Grant): Promise<Outcome> {
	const danger = dangers.find((each) => each.grant.kind === grant.kind && each.grant.name === grant.name);
	if (!danger) throw new Error(`${grantName(grant)} is none of the dangers`);
	const { call } = danger;
	const owner = scene.world.ownerClient;
	const answer = (token?: Held) => tryBare(owner, call, token);
	// Whoever has every capability is refused by the token alone.
	const [most, least] = [await scene.ownerToken("everything"), await scene.ownerToken("declared")];
	const [control, without, declared] = await Promise.all([answer(most), answer(), answer(least)]);
	return undeclaredAnswer(grant, { control, without, declared });
}

/**
 * What the answers come to: errnos with everything delegated, without a token, and with the
 * declared one.
 */
export function undeclaredAnswer(
	grant: Grant,
	{ control, without, declared }: Record<"control" | "without" | "declared", number>,
): Outcome {
	if (control === without)
		return skipped(
			{
				code: "grant-not-tried",
				message: `this kernel answers ${errnoName(control)} to ${grantName(grant)} with everything delegated as well as without any token`,
				hint: "nothing to do: it has no such type, or leaves it to root of the machine",
			},
			{ errno: errnoName(control) },
		);
	const evidence = { errno: errnoName(declared), with_everything: errnoName(control) };
	if (declared === without) return passed(evidence);
	return failed(
		{
			code: "undeclared-granted",
			message: `with the declared token ${grantName(grant)} is not refused (${errnoName(declared)}), though it is not declared`,
			hint: "this is a defect of the kernel: keep tokens away from it",
		},
		evidence,
	);
}
