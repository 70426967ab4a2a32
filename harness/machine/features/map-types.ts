// SPDX-License-Identifier: Apache-2.0

import { mapCreate, tryBpf } from "../guest/bpf-call.js";
import type { GuestClient } from "../guest/client.js";

/**
 * ENOTSUPP, internal to the kernel (K: include/linux/errno.h), which reaches user space here all
 * the same.
 */
const ENOTSUPP = 524;
const BPF_F_NO_PREALLOC = 1;

/**
 * Asks for map types that libbpf 1.7 cannot ask for: `struct_ops`, where it uses attributes that
 * kernels before 6.9 lack, and `rhash`, which is newer than it. Undefined for all other types.
 */
export async function askMapType(client: GuestClient, name: string): Promise<boolean | undefined> {
	switch (name) {
		case "struct_ops": {
			// Type 1 of vmlinux BTF is no struct_ops: a kernel that got so far as to look knows the
			// map type.
			const wanted = mapCreate(name, {}, 64).u32(60, 1);
			return (await tryBpf(client, "map_create", wanted)).errno === ENOTSUPP;
		}
		case "rhash": {
			const wanted = mapCreate(name, { flags: BPF_F_NO_PREALLOC });
			return (await tryBpf(client, "map_create", wanted)).errno === 0;
		}
		default:
			return undefined;
	}
}
