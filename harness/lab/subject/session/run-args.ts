// SPDX-License-Identifier: Apache-2.0

import { concat } from "../../../data/packet/bytes.js";
import { contextStruct } from "../../../data/vectors/context.js";
import { testRunRules } from "../../../data/vectors/program-type.js";
import type { PreparedStep, PreparedVector } from "../../../data/vectors/suite.js";
import type { Args } from "../../../machine/guest/operations.js";

/** Room for bytes that a program adds to a packet. */
const growth = 1024;
/** BPF_F_TEST_RUN_ON_CPU */
const testRunOnCpu = 1;

/** Input of the test run of a step. */
export function runArgs(vector: PreparedVector, step: PreparedStep): Args<"test_run">["runs"][number] {
	const { type } = vector.subject;
	const { packet, metadata } = step;
	const data = packet && concat(metadata, packet);
	const context = type === "xdp" ? (step.wantsContext ? xdpContext(step) : undefined) : step.context;
	const struct = contextStruct(type);
	const rules = testRunRules(type);
	const dataBack = rules.packetBack || type === "flow_dissector";
	const wanted = rules.contextBack ? struct?.size : context?.length;
	return {
		...(data ? { data_in: data } : {}),
		data_out_max: data && dataBack ? data.length + growth : 0,
		...(context ? { ctx_in: context } : {}),
		ctx_out_max: wanted ?? 0,
		...(step.repeat > 1 ? { repeat: step.repeat } : {}),
		...(vector.cpu === undefined ? {} : { cpu: vector.cpu, flags: testRunOnCpu }),
	};
}

/** data and data_end count from the metadata (net/bpf/test_run.c, xdp_convert_md_to_buff). */
export function xdpContext({ packet, metadata, context }: PreparedStep): Uint8Array {
	const bytes = new Uint8Array(contextStruct("xdp")?.size ?? 0);
	bytes.set(context ?? []);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, metadata.length, true);
	view.setUint32(4, metadata.length + (packet?.length ?? 0), true);
	view.setUint32(8, 0, true);
	return bytes;
}
