// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

const andMore = (first: string, more: number) => (more > 0 ? `${first}; and ${more} more` : first);

const refusals = {
	context: "use only the context fields and devices that test runs of this kernel accept",
	packet: "see net/bpf/test_run.c of this kernel for the packets that it accepts for this program type",
};

/** What the vectors check says of packets, maps and coverage. */
export const vectorReasons = defineReasons({
	"vector-drift": {
		message: (f: { found: string }) => f.found,
		hint: "find the kernel feature that the program depends on, or list an intended difference in expect.failures",
		meaning: "a vector has different results on two kernels, each time that it runs",
	},
	"drift-not-repeated": {
		message: (f: { vector: string; kernel: string }) =>
			`kernels give different results for ${f.vector}, but it did not run again on ${f.kernel}`,
		hint: "test again; if it happens each time, report it as a defect of bpfgate",
	},
	"invalid-vectors": {
		message: (f: { first: string; more: number }) => andMore(f.first, f.more),
		hint: "fix the file, whose vectors did not run; `bpfgate vectors check` shows every mistake",
		meaning: "a vector file does not follow its schema, or does not fit the object",
	},
	"vector-mismatch": {
		message: (f: { first: string; more: number }) => andMore(f.first, f.more),
		hint: (f: { place: string }) =>
			`compare with the expectation at ${f.place}; the evidence has all mismatches`,
		meaning: "the program did something else than the vector expects",
	},
	"map-not-filled": {
		message: (f: { entry: string; errno: string }) =>
			`${f.entry} could not be written before the packet: ${f.errno}`,
		hint: "check that the map has room for maps_before and accepts such a key",
	},
	"test-run-refused": {
		message: (f: { vector: string; program: string; errno: string; fields?: string }) =>
			`the kernel refuses to run ${f.vector}: BPF_PROG_TEST_RUN of ${f.program} returned ${f.errno}${f.fields ? `; ${f.fields}` : ""}`,
		hint: (f: { cause: keyof typeof refusals }) => refusals[f.cause] ?? refusals.packet,
	},
	"frame-exceeds-buffer": {
		message: (f: { vector: string; program: string; section: string; bytes: number; limit: number }) =>
			`${f.vector} has a frame of ${f.bytes} bytes; a program in ${f.section}, as ${f.program}, gets at most ${f.limit} in one buffer and would see only a part`,
		hint: "put the program into the section xdp.frags, or shorten the frame",
	},
	"output-too-large": {
		message: (f: { vector: string; program: string }) =>
			`${f.vector}: ${f.program} made the packet more than 1024 bytes longer`,
		hint: "check the length before growing a packet; test runs have room for 1024 bytes more",
	},

	// Coverage.
	"not-measured": {
		message: (f: { program: string; kernel: string; obstacle: string }) =>
			`the coverage of ${f.program} could not be measured on ${f.kernel}: ${f.obstacle}`,
		hint: "test on another kernel; the vectors themselves ran without probes",
	},
	"probes-disturb": {
		message: (f: { object: string; vectors: string }) =>
			`with probes in the programs of ${f.object}, these vectors have other results than without, each time: ${f.vectors}`,
		hint: "report it as a defect of bpfgate, with the object",
	},
	"invalid-line-info": {
		message: (f: { error: string }) => f.error,
		hint: "compile the object again; its line information and its BTF do not fit together",
		meaning: "the object's line information refers to strings or types that its BTF does not have",
	},
});
