// SPDX-License-Identifier: Apache-2.0
import { BpfAttr, bpf, progLoad, program } from "../../features/syscall.js";
import type { GuestClient } from "../../guest/client.js";
import { programTypes } from "../../uapi/bpf.js";
import { retvalNumber } from "../../vectors/retval.js";

/** union bpf_attr's `test` (include/uapi/linux/bpf.h): where the retval stands, and how long it is up to `duration`. */
const retvalAt = 4;
const testSize = 40;
const BPF_FLOW_DISSECTOR = 17;

/**
 * What a flow dissector returned, of what a test run of it says: before 6.1 that is only whether it was BPF_OK, 1 or 0
 * (net/bpf/test_run.c). The kernel is asked with a program that returns BPF_OK.
 */
export async function dissectorVerdict(client: GuestClient): Promise<(retval: number) => number> {
	const type = programTypes.number("flow_dissector") ?? 0;
	const load = progLoad(type, program([], true), true).u32(68, BPF_FLOW_DISSECTOR);
	const { fd } = await bpf(client, "prog_load", load);
	if (fd === undefined) return (retval) => retval;
	try {
		const attr = new BpfAttr(testSize, true).u32(8, 14).pointer(16, new Uint8Array(14));
		const { errno, attr: answer } = await client.call("bpf", {
			cmd: BPF_PROG_TEST_RUN,
			attr: attr.bytes,
			blobs: attr.blobs,
			handles: [{ offset: 0, handle: fd }],
		});
		const [ok, drop] = [retvalNumber("flow_dissector", "BPF_OK"), retvalNumber("flow_dissector", "BPF_DROP")];
		const says = new DataView(answer.buffer, answer.byteOffset).getUint32(retvalAt, true);
		if (errno !== 0 || says === ok) return (retval) => retval;
		return (retval) => (retval === says ? (ok ?? 0) : (drop ?? 0));
	} finally {
		await client.call("close", { handle: fd });
	}
}

const BPF_PROG_TEST_RUN = 10;
