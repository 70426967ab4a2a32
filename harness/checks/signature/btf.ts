// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../../machine/guest/client.js";
import type { Result } from "../../machine/guest/operations.js";
import { bpf } from "./install.js";

/** BTF of the one type `int`: header, type and strings (K: Documentation/bpf/btf.rst). */
const oneInteger = Buffer.from(
	"9feb010018000000000000001000000010000000050000000100000000000001040000002000000100696e7400",
	"hex",
);

/** BPF_BTF_LOAD; the caller closes `fd`. */
export function loadBtf(client: GuestClient): Promise<Result<"bpf">> {
	const attr = Buffer.alloc(40);
	attr.writeUInt32LE(oneInteger.length, 16);
	return bpf(client, "btf_load", attr, [{ offset: 0, data: oneInteger }]);
}
