// SPDX-License-Identifier: Apache-2.0
import { retvalNames, retvalNumber } from "../../../base/retval.js";

const lwt =
	"the kernel warns of an illegal return value and drops the packet (net/core/lwt_bpf.c, run_lwt_bpf)";
const consequences: Readonly<Record<string, string>> = {
	xdp: "the kernel warns of an invalid action and drops the packet as for XDP_ABORTED (net/core/filter.c, bpf_warn_invalid_xdp_action)",
	sched_cls:
		"the kernel takes it for TC_ACT_UNSPEC (net/sched/cls_bpf.c, cls_bpf_exec_opcode; net/core/dev.c, tcx_action_code)",
	sched_act: "the kernel takes it for TC_ACT_UNSPEC (net/sched/act_bpf.c, tcf_bpf_act)",
	flow_dissector: "the kernel takes it for BPF_DROP (net/core/flow_dissector.c, __skb_flow_dissect)",
	lwt_in: lwt,
	lwt_out: lwt,
	lwt_xmit: lwt,
	lwt_seg6local:
		"the kernel warns of an illegal return value and drops the packet (net/ipv6/seg6_local.c, input_action_end_bpf)",
};
/** BPF_LWT_REROUTE means nothing to seg6_local. */
const meansNothing: Readonly<Record<string, readonly string[]>> = { lwt_seg6local: ["BPF_LWT_REROUTE"] };
/** Sections of filters that may not be direct-action: they return a class id, major above. */
const withClassIds = /^(classifier|tc)(\/|$)/;

/**
 * What the kernel does with a return value that the type does not have; undefined when it has it,
 * when any number means something (class ids too), or when the verifier refuses others.
 * @param section as `tcx/ingress`
 * @param retval as u32
 */
export function meaningless(programType: string, section: string, retval: number): string | undefined {
	const consequence = consequences[programType];
	if (consequence === undefined) return undefined;
	const mayBeClassId = programType === "sched_cls" && withClassIds.test(section.replace(/^\?/, ""));
	if (mayBeClassId && retval >>> 16 !== 0) return undefined;
	const names = retvalNames(programType).filter((name) => !meansNothing[programType]?.includes(name));
	return names.some((name) => retvalNumber(programType, name) === retval) ? undefined : consequence;
}
