// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { returns } from "../../base/insn.js";
import type { BpfAttr } from "../guest/bpf-attr.js";
import { bpf, mapCreate, mapCreateSize, progLoad, progLoadSize, tryBpf } from "../guest/bpf-call.js";
import type { GuestClient } from "../guest/client.js";
import type { Features } from "./features.js";

const { E2BIG, EBADMSG, EPERM } = constants.errno;

/**
 * The contract for signed programs, by the refusal of an invalid signature: E2BIG without
 * signatures, EBADMSG for signed instructions, EPERM (a map that is not frozen) where maps are
 * signed too (K: bpf_prog_verify_signature in kernel/bpf/verifier.c).
 * @param verdictRecorded whether the kernel's `struct bpf_prog_aux` has a member `sig`
 */
export async function askSignature(
	client: GuestClient,
	verdictRecorded: boolean,
): Promise<Features["signature"]> {
	const exclusive = await tryBpf(client, "map_create", exclusiveMap());
	const plain = await tryBpf(client, "prog_load", signed());
	const attributes = plain.errno !== E2BIG;
	return {
		attributes,
		covers: attributes ? await covered(client, plain.errno) : "nothing",
		verdict_recorded: verdictRecorded,
		exclusive_maps: exclusive.errno === 0,
	};
}

async function covered(client: GuestClient, refusal: number): Promise<Features["signature"]["covers"]> {
	if (refusal !== EBADMSG) return "unknown";
	const map = await bpf(client, "map_create", mapCreate("array", {}));
	if (map.fd === undefined) return "unknown";
	try {
		const attr = signed()
			.fds(120, [{ handle: map.fd }])
			.u32(148, 1);
		const withMap = await tryBpf(client, "prog_load", attr);
		if (withMap.errno === EPERM) return "instructions-and-maps";
		return withMap.errno === EBADMSG ? "instructions" : "unknown";
	} finally {
		await client.call("close", { handle: map.fd });
	}
}

/** A valid program; its signature of 64 bytes is no PKCS#7, its keyring the builtin (0). */
function signed(): BpfAttr {
	const junk = new Uint8Array(64).fill(0x42);
	return progLoad("socket_filter", returns(0), progLoadSize.signed).pointer(152, junk).u32(160, junk.length);
}

/** A map bound to a program that does not exist. */
function exclusiveMap(): BpfAttr {
	return mapCreate("array", {}, mapCreateSize.exclusive)
		.pointer(80, new Uint8Array(32).fill(0x17))
		.u32(88, 32);
}
