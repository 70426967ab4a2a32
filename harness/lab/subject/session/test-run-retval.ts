// SPDX-License-Identifier: Apache-2.0
import { StructView } from "../../../base/struct.js";
import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../../machine/guest/client.js";

/** Return value of a program, given by handle, for a packet; undefined if the kernel refuses. */
export async function testRunRetval(
	client: GuestClient,
	handle: number,
	packet: Uint8Array,
): Promise<number | undefined> {
	// union bpf_attr's `test`: prog_fd, retval, data_size_in, data_size_out, data_in, data_out,
	// repeat, duration.
	const attr = new BpfAttr(40).fd(0, { handle }).u32(8, packet.length).pointer(16, packet);
	const { errno, attr: answer } = await bpf(client, "prog_test_run", attr);
	return errno === 0 ? new StructView(answer, client.littleEndian).u32(4) : undefined;
}
