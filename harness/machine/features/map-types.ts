// SPDX-License-Identifier: Apache-2.0

import { mapCreate, tryBpf } from "../guest/bpf-call.js";
import type { GuestClient } from "../guest/client.js";

/**
 * ENOTSUPP, internal to the kernel (K: include/linux/errno.h), but returned to user space here.
 */
const ENOTSUPP = 524;
const BPF_F_NO_PREALLOC = 1;

/**
 * Probes map types that libbpf 1.7 cannot: `struct_ops`, where libbpf uses attributes that kernels
 * before 6.9 lack, and `rhash`, which is newer than libbpf. Undefined for all other types.
 */
export async function askMapType(client: GuestClient, name: string): Promise<boolean | undefined> {
	switch (name) {
		case "struct_ops": {
			// Type 1 of vmlinux BTF is not a struct_ops: a kernel that reports so knows the map
			// type.
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
