// SPDX-License-Identifier: Apache-2.0
import { reason } from "../../data/reasons/registry/registry.js";
import type { FindingBody } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { type Delegation, doesGrant, everything, type Grant, grantName } from "./model/delegation.js";
import type { PackageTrials } from "./package-trials.js";
import { answerName, type TokenCall, tryCall } from "./token-call.js";

/** A grant with which a user can harm others, and a call that needs it. */
export interface HarmfulGrant {
	grant: Grant;
	call: TokenCall;
}

export const harmfulGrants: readonly HarmfulGrant[] = [
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

export function undeclaredGrants(declared: Delegation): HarmfulGrant[] {
	return harmfulGrants.filter(({ grant }) => !doesGrant(declared, grant));
}

/** Answers to one call: errnos with everything delegated, without a token, and with the token. */
export interface GrantAnswers {
	grant: Grant;
	control: number;
	without: number;
	declared: number;
}

/** The declared token must allow no call that needs a harmful grant which is not declared. */
export async function undeclaredFinding({ session, declared }: PackageTrials): Promise<FindingBody> {
	// A user with every capability can only be refused because of the token.
	const [most, least] = [await session.ownerToken(everything), await session.ownerToken(declared)];
	const answers: GrantAnswers[] = [];
	for (const { grant, call } of undeclaredGrants(declared)) {
		const answer = (token?: Held) => tryCall(session.ownerClient, call, token);
		answers.push({
			grant,
			control: await answer(most),
			without: await answer(),
			declared: await answer(least),
		});
	}
	for (const token of [most, least]) if (token) await session.ownerClient.call("close", token);
	return undeclaredResult(answers);
}

/** A call that is answered with everything delegated as without a token shows nothing. */
export function undeclaredResult(answers: readonly GrantAnswers[]): FindingBody {
	const tried = answers.filter(({ control, without }) => control !== without);
	const allowed = tried.filter(({ declared, without }) => declared !== without);
	const named = (some: readonly GrantAnswers[], errno: "control" | "declared") =>
		Object.fromEntries(some.map((each) => [grantName(each.grant), answerName(each[errno])]));
	const evidence = {
		answers: named(tried, "declared"),
		with_everything: named(tried, "control"),
		not_tried: named(
			answers.filter((each) => !tried.includes(each)),
			"control",
		),
	};
	if (allowed.length > 0) {
		const grants = allowed.map(({ grant }) => grantName(grant)).join(", ");
		return failed(reason("undeclared-granted", { grants }), evidence);
	}
	return tried.length > 0 ? passed(evidence) : skipped(reason("grant-not-tried"), evidence);
}
