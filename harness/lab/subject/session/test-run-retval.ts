// SPDX-License-Identifier: Apache-2.0
import { BpfAttr } from "../../../machine/features/syscall.js";
import type { GuestClient } from "../../../machine/guest/client.js";

const BPF_PROG_TEST_RUN = 10;

/**
 * What a program returns for a packet, by its file descriptor's handle; undefined when the kernel
 * does not run it.
 */
export async function testRunRetval(
	client: GuestClient,
	handle: number,
	packet: Uint8Array,
): Promise<number | undefined> {
	// union bpf_attr's `test`: prog_fd, retval, data_size_in, data_size_out, data_in, data_out,
	// repeat, duration.
	const attr = new BpfAttr(40, true).u32(8, packet.length).pointer(16, packet);
	const { errno, attr: answer } = await client.call("bpf", {
		cmd: BPF_PROG_TEST_RUN,
		attr: attr.bytes,
		blobs: attr.blobs,
		handles: [{ offset: 0, handle }],
	});
	return errno === 0 ? new DataView(answer.buffer, answer.byteOffset).getUint32(4, true) : undefined;
}
