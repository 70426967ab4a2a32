// SPDX-License-Identifier: Apache-2.0

import { attachTypes, helpers, programTypes } from "../../base/bpf.js";
import type { Btf } from "../../data/package/btf/btf.js";
import { callsHelpers, progLoad, tryBpf } from "../guest/bpf-call.js";
import type { GuestClient } from "../guest/client.js";

/** Words for a helper that is unknown, or not for this program type (check_helper_call). */
const REFUSED = /invalid func |unknown func |program of this type cannot use helper /;
const LOG_BYTES = 16 * 1024;
/** Types that libbpf cannot probe: loaded for a function of every kernel with BTF. */
const ATTACHED: Record<string, { attachType: string; function: string }> = {
	tracing: { attachType: "trace_fentry", function: "bpf_fentry_test1" },
	lsm: { attachType: "lsm_mac", function: "bpf_lsm_file_open" },
};
const NOT_ASKED = new Set(["unspec", "ext", "struct_ops"]);

/** Helpers by type, probed by loads. Of a type that the kernel lacks, libbpf would report all. */
export async function askHelpers(
	client: GuestClient,
	types: string[],
	known: number,
	btf: Btf | undefined,
): Promise<Record<string, string[]>> {
	const result: Record<string, string[]> = {};
	for (const name of types) {
		if (NOT_ASKED.has(name)) continue;
		const attached = ATTACHED[name];
		if (attached) {
			const id = btf?.find(attached.function, "func");
			if (id === undefined) continue;
			const attachType = attachTypes.number(attached.attachType) ?? 0;
			result[name] = await askAttached(client, { type: name, attachType, id }, known);
			continue;
		}
		const asked = [{ program_type: programTypes.number(name) ?? 0, from: 1, to: known }];
		const answers = (await client.call("probe", { helpers: asked })).helpers[0] ?? [];
		result[name] = answers.flatMap((answer, index) => (answer === 1 ? [helperName(index + 1)] : []));
	}
	return result;
}

async function askAttached(
	client: GuestClient,
	target: { type: string; attachType: number; id: number },
	known: number,
): Promise<string[]> {
	const found: string[] = [];
	for (let helper = 1; helper < known; helper++) {
		const attr = progLoad(target.type, callsHelpers(helper))
			.u32(24, 1)
			.u32(28, LOG_BYTES)
			.pointer(32, new Uint8Array(LOG_BYTES), true)
			.u32(68, target.attachType)
			.u32(108, target.id);
		const { blobs } = await tryBpf(client, "prog_load", attr);
		const log = Buffer.from(blobs[2] ?? []).toString("latin1");
		if (!REFUSED.test(log)) found.push(helperName(helper));
	}
	return found;
}

function helperName(id: number): string {
	return `bpf_${helpers.name(id)}`;
}
