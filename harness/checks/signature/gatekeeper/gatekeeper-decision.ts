// SPDX-License-Identifier: Apache-2.0
import { commands } from "../../../base/bpf.js";

/** What a gatekeeper decided, in the order in which it did. */
export interface Decision {
	/** `prog_load`, `map_create` ... */
	command: string;
	/** Thread group id of who asked. */
	tgid: number;
	admitted: boolean;
	/**
	 * The kernel verified a signature; of other loads, and of gatekeepers that look at no
	 * signature, false.
	 */
	verified: boolean;
	/** `enum bpf_sig_keyring`: 0 none, 1 builtin, 2 secondary, 3 platform, 4 user. */
	keyring_type: number;
	keyring_serial: number;
	/** A BPF program asked, with bpf_sys_bpf(). */
	by_program: boolean;
}

const size = 32;

/** One event of the ring buffer: `struct decision` of bpf/decision.h. */
export function parseDecision(event: Uint8Array, littleEndian: boolean): Decision {
	if (event.length !== size) throw new Error(`a decision has ${size} bytes, this one ${event.length}`);
	const view = new DataView(event.buffer, event.byteOffset, size);
	const u32 = (offset: number) => view.getUint32(offset, littleEndian);
	return {
		command: commands.names[u32(0)] ?? `command ${u32(0)}`,
		tgid: u32(4),
		admitted: view.getInt32(8, littleEndian) === 0,
		verified: u32(12) === 1,
		keyring_type: u32(16),
		keyring_serial: view.getInt32(20, littleEndian),
		by_program: u32(24) !== 0,
	};
}
