// SPDX-License-Identifier: Apache-2.0

/** How BPF_PROG_TEST_RUN treats programs of a type. */
export interface TestRunRules {
	/** `perhaps`: no kernel known to this table runs such a program; what a kernel says counts. */
	packet: "needed" | "none" | "perhaps";
	/** Some types begin behind the Ethernet header; the kernel gives zeros back for it. */
	ethernet: "seen" | "hidden";
	/** Whether the kernel gives the packet back. */
	packetBack: boolean;
	/** Whether it gives a context back without having been given one. */
	contextBack: boolean;
	/** Whether one test run can run it more than once. */
	repeats: boolean;
	/** Why it does not run without a context. */
	contextNeeded?: string;
}

const seen: TestRunRules = {
	packet: "needed",
	ethernet: "seen",
	packetBack: true,
	contextBack: true,
	repeats: true,
};
const hidden: TestRunRules = { ...seen, ethernet: "hidden" };
const once: TestRunRules = {
	packet: "none",
	ethernet: "seen",
	packetBack: false,
	contextBack: false,
	repeats: false,
};
const unknown: TestRunRules = { ...once, packet: "perhaps", repeats: true };

/** Kernel: net/bpf/test_run.c, kernel/bpf/syscall.c (syscall), net/bpf/bpf_dummy_struct_ops.c. */
const types: Readonly<Record<string, TestRunRules>> = {
	// Contexts of XDP are a question of their own: kernels before 5.15 have none.
	xdp: { ...seen, contextBack: false },
	sched_cls: seen,
	sched_act: seen,
	socket_filter: hidden,
	cgroup_skb: hidden,
	lwt_in: hidden,
	lwt_out: hidden,
	lwt_xmit: hidden,
	lwt_seg6local: hidden,
	// What comes back in the packet's place are the flow keys.
	flow_dissector: { ...seen, packetBack: false, contextBack: false },
	netfilter: { ...seen, packetBack: false, contextBack: false },
	sk_lookup: {
		...once,
		contextBack: true,
		repeats: true,
		contextNeeded: "it is all that the program gets: family, protocol, ports, addresses",
	},
	syscall: once,
	raw_tracepoint: once,
	raw_tracepoint_writable: once,
	tracing: once,
	struct_ops: once,
};

export function testRunRules(programType: string): TestRunRules {
	return Object.hasOwn(types, programType) ? types[programType]! : unknown;
}

const ethernetHeader = 14;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;

/**
 * The packet that comes back with the Ethernet header that went in; the EtherType is that of the IP
 * version, which a program may have changed (LWT).
 */
export function withEthernetHeader(sent: Uint8Array, back: Uint8Array): Uint8Array {
	const packet = Uint8Array.from(back);
	if (packet.length < ethernetHeader) return packet;
	packet.set(sent.subarray(0, ethernetHeader));
	const [was, is] = [ipVersion(sent), ipVersion(packet)];
	if (was !== is && (is === 4 || is === 6))
		new DataView(packet.buffer).setUint16(ethernetHeader - 2, is === 4 ? ETH_P_IP : ETH_P_IPV6);
	return packet;
}

const ipVersion = (frame: Uint8Array) => (frame[ethernetHeader] ?? 0) >> 4;

/** Functions that tracing test runs call (`bpf_prog_test_run_tracing`, test_run.c). */
const calledFunctions = /^bpf_(fentry_test\d+|modify_return_test(2|_tp)?)$/;

/** Why no kernel runs the vector's program, although it could load it. @param target of it */
export function neverRun(programType: string, attachType: string, target: string): string | undefined {
	if (programType === "ext")
		return "it replaces a function of another program (freplace) and is run by that program only: write the vector for the other program";
	if (programType !== "tracing") return undefined;
	if (!/fentry|fexit|fsession|modify_return/.test(attachType))
		return `the test run of a tracing program calls none that is attached as ${attachType}`;
	return calledFunctions.test(target)
		? undefined
		: `the test run of a tracing program calls the kernel's bpf_fentry_test1 and its like, never ${target || "its target"}`;
}
