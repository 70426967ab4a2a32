// SPDX-License-Identifier: Apache-2.0

import { programTypes } from "../../base/bpf.js";
import { errnoName } from "../../base/errno.js";
import { returns } from "../../base/insn.js";
import type { Reason } from "../../base/results.js";
import type { PreparedStep, PreparedVector } from "../../data/vectors/suite.js";
import type { Finding, Workbench } from "../../lab/check.js";
import { wantedPrograms } from "../../lab/subject/load/open-args.js";
import { programFinding } from "../../lab/subject/load/program-finding.js";
import { cgroupSkbSeesPacket, readsPacketDirectly } from "../../lab/subject/session/direct-access.js";
import { programsOf, whyNever } from "../../lab/subject/session/needs.js";
import { runArgs, xdpContext } from "../../lab/subject/session/run-args.js";
import type { VectorSession } from "../../lab/subject/session/vector-session.js";
import { progLoad, tryBpf } from "../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { TestRun } from "../../machine/guest/operations.js";

export type Refused = Pick<Finding, "outcome" | "evidence"> & { reason: Reason };

/**
 * ENOTSUPP of the kernel, which it returns for a program type that has no test run
 * (kernel/bpf/syscall.c).
 */
const notSupported = new Set([524, 95]);
const EINVAL = 22;
const BPF_F_XDP_HAS_FRAGS = 1 << 5;

/**
 * Why a vector was not run, its program not being there: a lack of the kernel's is a skip, and so
 * is what `load` tells already.
 */
export async function notLoaded(
	vector: PreparedVector,
	session: VectorSession,
	bench: Workbench,
): Promise<Refused> {
	const { object } = vector.subject;
	const { id } = bench.kernel;
	const { loaded } = session.loaded;
	const missing = programsOf(vector).find((name) => !loaded.has(name));
	const program = object.programs.find(({ name }) => name === missing) ?? vector.subject.program;
	const evidence = { object: object.file, program: program.name };
	const never = whyNever(vector);
	if (never !== undefined)
		return {
			outcome: "skip",
			reason: {
				code: "feature-unsupported",
				message: `no kernel runs ${vector.subject.program.name} (${vector.subject.type}) by BPF_PROG_TEST_RUN: ${never}`,
				hint: "the load check still loads and attaches it",
			},
			evidence: { ...evidence, state: "unsupported" },
		};
	if (
		program.section.startsWith("xdp.frags", program.section.startsWith("?") ? 1 : 0) &&
		!(await takesFrags(session.guest.client))
	)
		return {
			outcome: "skip",
			reason: {
				code: "feature-unsupported",
				message: `${id} has no multi-buffer XDP, which the section ${program.section} of ${program.name} asks for`,
				hint: "frames above a page need 5.18 or newer",
			},
			evidence: { ...evidence, state: "unsupported" },
		};
	const type = program.meaning?.type ?? "";
	if (!(await hasType(session.guest.client, type)))
		return {
			outcome: "skip",
			reason: {
				code: "feature-unsupported",
				message: `${id} has no programs of type ${type}, which ${program.name} is`,
				hint: "nothing to do about the package on this kernel",
			},
			evidence: { ...evidence, state: "unsupported" },
		};
	const finding = await programFinding(object, program, program.name, session.loaded, bench);
	const why = finding.reason?.message ?? `${program.name} did not load`;
	if (wantedPrograms(object).some(({ name }) => name === program.name))
		return {
			outcome: "skip",
			reason: {
				code: "not-loaded",
				message: `${program.name} was not run, because it did not load: ${why}`,
				hint: `see load/program/${program.name}`,
			},
			evidence,
		};
	const reason = finding.reason ?? { code: "not-loaded", message: why, hint: "see the load check" };
	return { outcome: "fail", reason, evidence: { ...evidence, ...finding.evidence } };
}

async function hasType(client: GuestClient, type: string): Promise<boolean> {
	const number = programTypes.number(type);
	if (number === undefined) return true;
	return (await client.call("probe", { program_types: [number] })).program_types[0] !== 0;
}

/** Why the run of a vector says nothing of its program: undefined when it does. */
export async function notSeen(
	{ subject }: PreparedVector,
	{ guest: { client } }: VectorSession,
	bench: Workbench,
): Promise<Refused | undefined> {
	const { object, program, type } = subject;
	if (type !== "cgroup_skb" || !readsPacketDirectly(subject) || (await cgroupSkbSeesPacket(client)))
		return undefined;
	return {
		outcome: "skip",
		reason: {
			code: "feature-unsupported",
			message: `test runs of cgroup_skb programs on ${bench.kernel.id} do not let ${program.name} see the packet by data and data_end`,
			hint: "test runs of newer kernels have it, as 6.16; bpf_skb_load_bytes reads the packet on all",
		},
		evidence: { object: object.file, program: program.name, state: "unsupported" },
	};
}

/** Asks the kernel whether it takes a program that says that it can do with several buffers. */
async function takesFrags(client: GuestClient): Promise<boolean> {
	const attr = progLoad("xdp", returns(0)).u32(44, BPF_F_XDP_HAS_FRAGS);
	return (await tryBpf(client, "prog_load", attr)).errno === 0;
}

/** Frames that fit into a page of 4 KB with what the kernel keeps beside them, and that do not. */
const smallFrame = 3000;
const largeFrame = 5000;

/** Ethernet and IPv6, or IPv4 and more. */
const ipHeaderEnd = 54;

/** Whether the frame says that it is IPv4 or IPv6 and has not all of that header. */
function endsInIpHeader(packet: Uint8Array): boolean {
	const ethertype = ((packet[12] ?? 0) << 8) | (packet[13] ?? 0);
	return (
		(ethertype === 0x0800 && packet.length < 34) || (ethertype === 0x86dd && packet.length < ipHeaderEnd)
	);
}

/** The packet cut short, or with zeros behind it. */
function resized(packet: Uint8Array = new Uint8Array(), length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	bytes.set(packet.subarray(0, length));
	return bytes;
}

/** Why BPF_PROG_TEST_RUN refused a packet: asked of the kernel by running less of it. */
export async function notRun(
	vector: PreparedVector,
	step: PreparedStep,
	number: number,
	{ errno }: TestRun,
	session: VectorSession,
	bench: Workbench,
): Promise<Refused> {
	const { object, program, type } = vector.subject;
	const { id } = bench.kernel;
	const evidence = { object: object.file, program: program.name, errno };
	const skip = (message: string, hint: string): Refused => ({
		outcome: "skip",
		reason: { code: "feature-unsupported", message, hint },
		evidence: { ...evidence, state: "unsupported" },
	});
	if (notSupported.has(errno))
		return skip(
			`${id} cannot run programs of type ${type} without attaching them (BPF_PROG_TEST_RUN: ${errnoName(errno)})`,
			"nothing to do about the package; the load check still attaches it",
		);
	const args = runArgs(vector, step);
	if (errno === EINVAL && type === "xdp" && args.ctx_in) {
		const { ctx_in: _, ...plain } = args;
		const bare = { ...args, ctx_in: xdpContext({ ...step, context: new Uint8Array() }) };
		const [without, withBare] = [
			await session.probe(program.name, { ...plain, ctx_out_max: 0 }),
			await session.probe(program.name, bare),
		];
		if (without.errno === 0 && withBare.errno !== 0)
			return skip(
				`${id} takes no context for XDP programs, which this vector gives or wants to see`,
				"test runs of XDP have contexts and metadata from 5.15 on",
			);
	}
	if (errno === EINVAL && type !== "xdp" && (step.packet?.length ?? 0) > smallFrame) {
		const cut = async (length: number) =>
			session.probe(program.name, runArgs(vector, { ...step, packet: resized(step.packet, length) }));
		if ((await cut(smallFrame)).errno === 0 && (await cut(largeFrame)).errno !== 0)
			return skip(
				`${id} runs programs of type ${type} on frames of one page at most, and this one has ${step.packet?.length} bytes`,
				"frames of several buffers: XDP from 5.18 on, tc and cgroup_skb programs from 6.19 on",
			);
	}
	if (errno === EINVAL && step.packet && endsInIpHeader(step.packet)) {
		const whole = { ...step, packet: resized(step.packet, ipHeaderEnd) };
		if ((await session.probe(program.name, runArgs(vector, whole))).errno === 0)
			return skip(
				`${id} runs programs of type ${type} on no frame that ends within its IP header, and this one has ${step.packet.length} bytes`,
				"some kernels run them (6.16), and all run XDP programs on them",
			);
	}
	const which = vector.isSequence ? `packet ${number} of ${vector.case}` : vector.case;
	const tooLarge = errnoName(errno) === "ENOSPC";
	return {
		outcome: "fail",
		reason: {
			code: tooLarge ? "output-too-large" : "test-run-refused",
			message: tooLarge
				? `${which}: ${program.name} made the packet more than 1024 bytes longer`
				: `the kernel does not run ${which}: BPF_PROG_TEST_RUN of ${program.name} gave ${errnoName(errno)}`,
			hint: hintFor(vector, step),
		},
		evidence,
	};
}

function hintFor({ subject: { type, program } }: PreparedVector, step: PreparedStep): string {
	if (type === "xdp" && (step.packet?.length ?? 0) > 3500 && !program.section.includes("xdp.frags"))
		return "frames above a page are only for programs of a section xdp.frags";
	if (step.context) return "the kernel takes only some fields of a context, and only devices that there are";
	return "look into the kernel's net/bpf/test_run.c for what it wants of a packet of this program type";
}
