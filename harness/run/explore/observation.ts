// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../../data/package/btf/btf-value.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import { judge } from "../../lab/subject/session/judgement.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";

/** The result of a vector on a kernel, as far as kernels are compared. */
export type Observation =
	| { kind: "ran"; facts: Readonly<Record<string, JsonValue>>; outputs: Output[] }
	/** BPF_PROG_TEST_RUN refused the packet of a step, or a map could not be filled (no step). */
	| { kind: "refused"; errno: number; step?: number }
	/** The output has no room: the packet grew by more than 1024 bytes. */
	| { kind: "overflow"; step: number; bytes: number }
	| Crash
	/** The program is not loaded on the kernel, or the kernel crashed too often. */
	| { kind: "absent" };

export interface Output {
	/** As u32. */
	retval: number;
	/** Bytes of the output packet, in the kernel. */
	bytes: number;
}

export interface Crash {
	kind: "crash";
	/** `panic`, `warn`, `hang` … */
	how: string;
	/** What the kernel reported, or that it did not answer. */
	title: string;
}

const ENOSPC = 28;

export function observationOf(vector: PreparedVector, run: VectorRun): Observation {
	if (run.unfilled) return { kind: "refused", errno: run.unfilled.errno };
	const step = run.steps.findIndex(({ run: { errno } }) => errno !== 0);
	const refused = run.steps[step]?.run;
	if (refused?.errno === ENOSPC && refused.data_size > refused.data_out.length)
		return { kind: "overflow", step, bytes: refused.data_size };
	if (refused) return { kind: "refused", errno: refused.errno, step };
	const outputs = run.steps.map(({ run: { retval, data_size, ctx_out } }): Output => {
		// With a context, an XDP packet begins after the metadata: xdp_md.data.
		const start =
			vector.subject.type === "xdp" && ctx_out.length >= 4
				? new DataView(ctx_out.buffer, ctx_out.byteOffset).getUint32(0, true)
				: 0;
		return { retval, bytes: data_size - start };
	});
	return { kind: "ran", facts: judge(vector, run).actual, outputs };
}
