// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../../data/package/btf/btf-value.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import { judge } from "../../lab/subject/session/judgement.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";

/** What a kernel did with a vector, as far as kernels are compared. */
export type Observation =
	| { kind: "ran"; facts: Readonly<Record<string, JsonValue>>; outputs: Output[] }
	/** BPF_PROG_TEST_RUN refused the packet of a step, or a map could not be filled (no step). */
	| { kind: "refused"; errno: number; step?: number }
	/**
	 * What came out did not fit into what was asked for: the packet grew by more than 1024 bytes.
	 */
	| { kind: "overflow"; step: number; bytes: number }
	| Crash
	/** The kernel does not have the program, or was given up on. */
	| { kind: "absent" };

export interface Output {
	/** As u32. */
	retval: number;
	/** Bytes of the packet that came out, in the kernel. */
	bytes: number;
}

export interface Crash {
	kind: "crash";
	/** `panic`, `warn`, `hang` … */
	how: string;
	/** What the kernel said, or how it was silent. */
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
		// Of XDP with a context, the packet begins behind the metadata: xdp_md.data.
		const start =
			vector.subject.type === "xdp" && ctx_out.length >= 4
				? new DataView(ctx_out.buffer, ctx_out.byteOffset).getUint32(0, true)
				: 0;
		return { retval, bytes: data_size - start };
	});
	return { kind: "ran", facts: judge(vector, run).actual, outputs };
}
