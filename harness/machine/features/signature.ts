// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { mapTypes, programTypes } from "../../base/bpf.js";
import type { GuestClient } from "../guest/client.js";
import type { Features } from "./features.js";
import { BpfAttr, bpf, progLoad, progLoadSize, program, tryBpf } from "./syscall.js";

const { E2BIG, EBADMSG, EPERM } = constants.errno;
const SOCKET_FILTER = programTypes.number("socket_filter") ?? 0;
const ARRAY = mapTypes.number("array") ?? 0;

/**
 * Which contract of signed programs the kernel has, from how it refuses what is no signature:
 * without knowledge of the attributes it says E2BIG; where only instructions are signed it looks at
 * the signature first (EBADMSG); where maps are signed too it first refuses to fold in one that is
 * not frozen (EPERM; K: bpf_prog_verify_signature in kernel/bpf/verifier.c).
 *
 * @param verdictRecorded whether the kernel's `struct bpf_prog_aux` has a member `sig`
 */
export async function askSignature(
	client: GuestClient,
	littleEndian: boolean,
	verdictRecorded: boolean,
): Promise<Features["signature"]> {
	const exclusive = await tryBpf(client, "map_create", exclusiveMap(littleEndian));
	const plain = await tryBpf(client, "prog_load", signed(littleEndian));
	const attributes = plain.errno !== E2BIG;
	return {
		attributes,
		covers: attributes ? await covered(client, littleEndian, plain.errno) : "nothing",
		verdict_recorded: verdictRecorded,
		exclusive_maps: exclusive.errno === 0,
	};
}

async function covered(
	client: GuestClient,
	littleEndian: boolean,
	refusal: number,
): Promise<Features["signature"]["covers"]> {
	if (refusal !== EBADMSG) return "unknown";
	const map = await bpf(client, "map_create", array(littleEndian, 72));
	if (map.fd === undefined) return "unknown";
	try {
		const fds = new Uint8Array(4);
		new DataView(fds.buffer).setInt32(0, map.ret, littleEndian);
		const withMap = await tryBpf(client, "prog_load", signed(littleEndian).pointer(120, fds).u32(148, 1));
		if (withMap.errno === EPERM) return "instructions-and-maps";
		return withMap.errno === EBADMSG ? "instructions" : "unknown";
	} finally {
		await client.call("close", { handle: map.fd });
	}
}

/**
 * A program that loads unsigned, with 64 bytes that are no PKCS#7 message, for the builtin keyring
 * (0).
 */
function signed(littleEndian: boolean): BpfAttr {
	const junk = new Uint8Array(64).fill(0x42);
	return progLoad(SOCKET_FILTER, program([], littleEndian), littleEndian, progLoadSize.signed)
		.pointer(152, junk)
		.u32(160, junk.length);
}

function array(littleEndian: boolean, size: number): BpfAttr {
	return new BpfAttr(size, littleEndian).u32(0, ARRAY).u32(4, 4).u32(8, 4).u32(12, 1);
}

/** Bound to a program that does not exist: the digest is of nothing. */
function exclusiveMap(littleEndian: boolean): BpfAttr {
	return array(littleEndian, 96).pointer(80, new Uint8Array(32).fill(0x17)).u32(88, 32);
}
