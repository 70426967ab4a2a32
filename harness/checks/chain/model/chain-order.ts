// SPDX-License-Identifier: Apache-2.0
import type { ChainMechanism } from "../../../data/package/sections/chain-hooks.js";
import type { Proceed } from "./proceed.js";

/** What decides a member's position, and whether the next one runs. */
export interface Rank {
	/** Name of the program, which libxdp compares. */
	name: string;
	priority: number;
	proceed: Proceed;
	cgroup: string;
	preorder: boolean;
}

/** One member that a packet meets, and what it returns (u32). */
export interface Step<M> {
	member: M;
	verdict: number;
}

export interface Execution<M> {
	steps: Step<M>[];
	/** The member that ended the chain; absent when all ran. */
	endedBy?: M;
	/** The result for the kernel (u32), as far as the chain decides it. */
	verdict: number;
}

interface Rules {
	configured: (a: Rank, b: Rank, placeOfA: number, placeOfB: number) => number;
	/** Whether the next member runs. */
	goesOn: (verdict: number, proceed: Proceed) => boolean;
	/** The result of a chain whose last step returned `last`. */
	outcome: (last: number, all: readonly number[], ended: boolean) => number;
}

const u32 = (value: number) => value >>> 0;
const UNSPEC = u32(-1);
const XDP_PASS = 2;
/** What an empty slot returns; libxdp sets its bit in every chain_call_actions. */
const XDP_DISPATCHER_RETVAL = 31;
const NETKIT_PASS = 0;
const NETKIT_DROP = 2;
/** OK, SHOT, STOLEN, REDIRECT, TRAP: `cls_bpf_exec_opcode` treats all other codes as UNSPEC. */
const tcActions = new Set([0, 2, 4, 7, 8]);
/** PASS, DROP, REDIRECT: `tcx_action_code` treats all other codes as NEXT. */
const tcxActions = new Set([0, 2, 7]);
/** NEXT, PASS, DROP, REDIRECT: `netkit_xmit` drops on any other. */
const netkitActions = new Set([UNSPEC, 0, 2, 7]);

const asListed = (_a: Rank, _b: Rank, placeOfA: number, placeOfB: number) => placeOfA - placeOfB;
const last = (verdict: number) => verdict;

const rules: Readonly<Record<ChainMechanism, Rules>> = {
	tail_call: {
		// prog_array: kernel/bpf/core.c (JMP_TAIL_CALL), arch/x86/net/bpf_jit_comp.c.
		configured: (a, b) => a.priority - b.priority,
		goesOn: (verdict, proceed) => proceed?.has(verdict) ?? false,
		outcome: last,
	},
	dispatcher: {
		// xdp-tools lib/libxdp: libxdp.c (cmp_xdp_programs), xdp-dispatcher.c.in.
		configured: (a, b) => a.priority - b.priority || byteOrder(a.name, b.name),
		// The dispatcher shifts 1U by the verdict; BPF uses its low five bits.
		goesOn: (verdict, proceed) =>
			(verdict & 31) === XDP_DISPATCHER_RETVAL || (proceed?.has(verdict & 31) ?? false),
		outcome: (verdict, _, ended) => (ended ? verdict : XDP_PASS),
	},
	tc: {
		// A filter that is added to a pref goes to the head of its list, whatever its handle.
		// net/sched: cls_api.c (tcf_chain_tp_find), cls_bpf.c (cls_bpf_change, cls_bpf_classify).
		configured: (a, b, placeOfA, placeOfB) => a.priority - b.priority || placeOfB - placeOfA,
		goesOn: (verdict) => !tcActions.has(verdict),
		outcome: (verdict) => (tcActions.has(verdict) ? verdict : UNSPEC),
	},
	tcx: {
		// kernel/bpf/mprog.c; net/core/dev.c (tcx_run); include/net/tcx.h (tcx_action_code).
		configured: asListed,
		goesOn: (verdict) => verdict === UNSPEC,
		outcome: (verdict) => (tcxActions.has(verdict) ? verdict : UNSPEC),
	},
	netkit: {
		// kernel/bpf/mprog.c; drivers/net/netkit.c (netkit_run, netkit_xmit).
		configured: asListed,
		goesOn: (verdict) => verdict === UNSPEC,
		outcome: (verdict) =>
			!netkitActions.has(verdict) ? NETKIT_DROP : verdict === UNSPEC ? NETKIT_PASS : verdict,
	},
	cgroup: {
		// kernel/bpf/cgroup.c (compute_effective_progs, bpf_prog_run_array_cg).
		configured: (a, b, placeOfA, placeOfB) =>
			Number(b.preorder) - Number(a.preorder) ||
			(depth(b.cgroup) - depth(a.cgroup)) * (a.preorder ? -1 : 1) ||
			placeOfA - placeOfB,
		goesOn: () => true,
		// The upper bits are flags, not the verdict: BPF_RET_SET_CN,
		// BPF_RET_BIND_NO_CAP_NET_BIND_SERVICE.
		outcome: (_, all) => Number(all.every((verdict) => (verdict & 1) === 1)),
	},
};

/** The kernel's order of members attached in this order. @param rank decides a member's position */
export function configuredOrder<M>(
	mechanism: ChainMechanism,
	members: readonly M[],
	rank: (member: M) => Rank,
): M[] {
	const { configured } = rules[mechanism];
	return members
		.map((member, place) => ({ member, place, rank: rank(member) }))
		.sort((a, b) => configured(a.rank, b.rank, a.place, b.place))
		.map(({ member }) => member);
}

/**
 * What a packet meets in members in the configured order.
 * @param verdictOf what a member returns (u32); of tail calls: if no other member followed
 */
export function expectedExecution<M>(
	mechanism: ChainMechanism,
	configured: readonly M[],
	rank: (member: M) => Pick<Rank, "proceed">,
	verdictOf: (member: M) => number,
): Execution<M> {
	const { goesOn, outcome } = rules[mechanism];
	const steps: Step<M>[] = [];
	let endedBy: M | undefined;
	for (const member of configured) {
		const verdict = u32(verdictOf(member));
		steps.push({ member, verdict });
		if (goesOn(verdict, rank(member).proceed)) continue;
		endedBy = member;
		break;
	}
	const verdicts = steps.map(({ verdict }) => verdict);
	return {
		steps,
		...(endedBy === undefined ? {} : { endedBy }),
		verdict: outcome(verdicts.at(-1) ?? UNSPEC, verdicts, endedBy !== undefined),
	};
}

const depth = (cgroup: string) => (cgroup === "" ? 0 : cgroup.split("/").length);

/** strcmp(3) */
function byteOrder(a: string, b: string): number {
	return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
