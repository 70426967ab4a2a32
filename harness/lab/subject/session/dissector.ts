// SPDX-License-Identifier: Apache-2.0

import { returns } from "../../../base/insn.js";
import { retvalNumber } from "../../../base/retval.js";
import { bpf, progLoad } from "../../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { testRunRetval } from "./test-run-retval.js";

/** include/uapi/linux/bpf.h */
const BPF_FLOW_DISSECTOR = 17;

/**
 * What a flow dissector returned: before 6.1 a test run's retval is 1 for BPF_OK and 0 for all else
 * (net/bpf/test_run.c), which a program that returns BPF_OK shows.
 */
export async function dissectorVerdict(client: GuestClient): Promise<(retval: number) => number> {
	const load = progLoad("flow_dissector", returns(0)).u32(68, BPF_FLOW_DISSECTOR);
	const { fd } = await bpf(client, "prog_load", load);
	if (fd === undefined) return (retval) => retval;
	try {
		const says = await testRunRetval(client, fd, new Uint8Array(14));
		const [ok, drop] = [retvalNumber("flow_dissector", "BPF_OK"), retvalNumber("flow_dissector", "BPF_DROP")];
		if (says === undefined || says === ok) return (retval) => retval;
		return (retval) => (retval === says ? (ok ?? 0) : (drop ?? 0));
	} finally {
		await client.call("close", { handle: fd });
	}
}
