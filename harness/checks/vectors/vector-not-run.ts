// SPDX-License-Identifier: Apache-2.0

import { programTypes } from "../../base/bpf.js";
import { EINVAL, ENOSPC, ENOTSUPP, EOPNOTSUPP, errnoName } from "../../base/errno.js";
import { flagsOf } from "../../data/package/told.js";
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { PreparedStep, PreparedVector } from "../../data/vectors/suite.js";
import type { FindingBody, Workbench } from "../../lab/check.js";
import { failed, skipped, undecided } from "../../lab/findings.js";
import { wantedPrograms } from "../../lab/subject/load/open-args.js";
import { programFinding } from "../../lab/subject/load/program-finding.js";
import { knowsFlag } from "../../lab/subject/load/unknown-flags.js";
import { cgroupSkbSeesPacket, readsPacketDirectly } from "../../lab/subject/session/direct-access.js";
import { programsOf, whyNever } from "../../lab/subject/session/needs.js";
import { runArgs, xdpContext } from "../../lab/subject/session/run-args.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";
import type { VectorSession } from "../../lab/subject/session/vector-session.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { TestRun } from "../../machine/guest/operations.js";
import { contextFields, contextSentence } from "./context-fields.js";

/** What the kernel returns for a program type without test runs (kernel/bpf/syscall.c). */
const notSupported = new Set([ENOTSUPP, EOPNOTSUPP]);

/** A map could not be filled as the vector says. */
export const notFilled = ({ entry, errno }: NonNullable<VectorRun["unfilled"]>): FindingBody =>
	undecided(reason("map-not-filled", { entry, errno: errnoName(errno) }), { errno });

/** A skip of a vector that no test run of the kernel can do. */
const unsupported = (message: string, hint: string, evidence: Record<string, unknown>): FindingBody =>
	skipped(reasonSaying("feature-unsupported", message, hint), { ...evidence, state: "unsupported" });

/** Why a vector's program is not loaded: a skip if the kernel lacks it, or `load` says so. */
export async function notLoaded(
	vector: PreparedVector,
	session: VectorSession,
	bench: Workbench,
): Promise<FindingBody> {
	const { object } = vector.subject;
	const { id } = bench.kernel;
	const { loaded } = session.loaded;
	const missing = programsOf(vector).find((name) => !loaded.has(name));
	const program = object.programs.find(({ name }) => name === missing) ?? vector.subject.program;
	const evidence = { object: object.file, program: program.name };
	const other = object.others?.get(program.name);
	if (other) return skipped(other, evidence);
	const never = whyNever(vector);
	if (never !== undefined)
		return unsupported(
			`no kernel runs ${vector.subject.program.name} (${vector.subject.type}) by BPF_PROG_TEST_RUN: ${never}`,
			"see the load check, which loads and attaches it",
			evidence,
		);
	if (
		flagsOf(object, program).includes("xdp_has_frags") &&
		!(await knowsFlag(session.guest.client, "xdp_has_frags"))
	)
		return unsupported(
			`${id} has no multi-buffer XDP, which ${program.name} needs (flag xdp_has_frags)`,
			"test frames above a page on 5.18 or newer",
			evidence,
		);
	const type = program.meaning?.type ?? "";
	if (!(await hasType(session.guest.client, type)))
		return unsupported(
			`${id} has no programs of type ${type}, the type of ${program.name}`,
			"test on a kernel that has the program type, or leave this kernel out of the manifest",
			evidence,
		);
	const finding = await programFinding(object, program, program.name, session.loaded, bench);
	const why = finding.reason?.message ?? `${program.name} did not load`;
	if (wantedPrograms(object).some(({ name }) => name === program.name)) {
		const message = `${program.name} did not run, because it did not load: ${why}`;
		return skipped(reasonSaying("not-loaded", message, `see load/program/${program.name}`), evidence);
	}
	return failed(finding.reason ?? reasonSaying("not-loaded", why), { ...evidence, ...finding.evidence });
}

async function hasType(client: GuestClient, type: string): Promise<boolean> {
	const number = programTypes.number(type);
	if (number === undefined) return true;
	return (await client.call("probe", { program_types: [number] })).program_types[0] !== 0;
}

/** Why the run of a vector says nothing about its program; undefined when it does. */
export async function notSeen(
	{ subject }: PreparedVector,
	{ guest: { client } }: VectorSession,
	bench: Workbench,
): Promise<FindingBody | undefined> {
	const { object, program, type } = subject;
	if (type !== "cgroup_skb" || !readsPacketDirectly(subject) || (await cgroupSkbSeesPacket(client)))
		return undefined;
	return unsupported(
		`test runs of cgroup_skb programs on ${bench.kernel.id} do not let ${program.name} see the packet by data and data_end`,
		"test on a newer kernel, such as 6.16, or read the packet with bpf_skb_load_bytes, which all have",
		{ object: object.file, program: program.name },
	);
}

/**
 * Bytes of a frame that a test run puts into one buffer: a page without headroom (256) and
 * `struct skb_shared_info` (320), as net/bpf/test_run.c has it. Kernels before 5.18 refuse longer
 * ones with EMSGSIZE or EINVAL; later ones put the rest into fragments, also for programs that do
 * not accept these, which then see the first part as if it were all.
 */
const oneBuffer = 4096 - 256 - 320;

/** An XDP frame too long for one buffer, for a program without `xdp.frags`. */
export function notWhole({ subject, steps, ...vector }: PreparedVector): FindingBody | undefined {
	const { object, program, type } = subject;
	const step = steps.findIndex(({ packet }) => (packet?.length ?? 0) > oneBuffer);
	if (type !== "xdp" || step < 0 || flagsOf(object, program).includes("xdp_has_frags")) return undefined;
	const facts = {
		vector: vector.isSequence ? `packet ${step + 1} of ${vector.case}` : vector.case,
		...{ program: program.name, section: program.section },
		...{ bytes: steps[step]?.packet?.length ?? 0, limit: oneBuffer },
	};
	return failed(reason("frame-exceeds-buffer", facts), { object: object.file, program: program.name });
}

/** A frame that fits into a page of 4 KB with the kernel's own room, and one that does not. */
const smallFrame = 3000;
const largeFrame = 5000;

/** Ethernet and IPv6, or IPv4 and more. */
const ipHeaderEnd = 54;

/** True if the frame is IPv4 or IPv6 by its EtherType and ends within that header. */
function endsInIpHeader(packet: Uint8Array): boolean {
	const ethertype = ((packet[12] ?? 0) << 8) | (packet[13] ?? 0);
	return (
		(ethertype === 0x0800 && packet.length < 34) || (ethertype === 0x86dd && packet.length < ipHeaderEnd)
	);
}

/** The packet cut short, or filled up with zeros. */
function resized(packet: Uint8Array = new Uint8Array(), length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	bytes.set(packet.subarray(0, length));
	return bytes;
}

/** Why BPF_PROG_TEST_RUN refused a packet; asks the kernel by running it without some part. */
export async function notRun(
	vector: PreparedVector,
	step: PreparedStep,
	number: number,
	{ errno }: TestRun,
	session: VectorSession,
	bench: Workbench,
): Promise<FindingBody> {
	const { object, program, type } = vector.subject;
	const { id } = bench.kernel;
	const evidence = { object: object.file, program: program.name, errno };
	const skip = (message: string, hint: string) => unsupported(message, hint, evidence);
	if (notSupported.has(errno))
		return skip(
			`${id} cannot run programs of type ${type} without attaching them (BPF_PROG_TEST_RUN: ${errnoName(errno)})`,
			"see the load check, which attaches it",
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
				`${id} takes no context for XDP programs, which this vector sets or checks`,
				"test XDP contexts and metadata on 5.15 or newer",
			);
	}
	if (errno === EINVAL && type !== "xdp" && (step.packet?.length ?? 0) > smallFrame) {
		const cut = async (length: number) =>
			session.probe(program.name, runArgs(vector, { ...step, packet: resized(step.packet, length) }));
		if ((await cut(smallFrame)).errno === 0 && (await cut(largeFrame)).errno !== 0)
			return skip(
				`${id} runs programs of type ${type} on frames of at most one page, and this one has ${step.packet?.length} bytes`,
				"test frames of several buffers on 5.18 or newer for XDP, on 6.19 or newer for tc and cgroup_skb",
			);
	}
	if (errno === EINVAL && step.packet && endsInIpHeader(step.packet)) {
		const whole = { ...step, packet: resized(step.packet, ipHeaderEnd) };
		if ((await session.probe(program.name, runArgs(vector, whole))).errno === 0)
			return skip(
				`${id} runs programs of type ${type} on no frame that ends within its IP header, and this one has ${step.packet.length} bytes`,
				"test such frames on a kernel that runs them, such as 6.16, or with an XDP program",
			);
	}
	const which = vector.isSequence ? `packet ${number} of ${vector.case}` : vector.case;
	const facts = { vector: which, program: program.name };
	if (errno === ENOSPC) return failed(reason("output-too-large", facts), evidence);
	const small = { ...step, packet: resized(step.packet, Math.min(step.packet?.length ?? 0, smallFrame)) };
	const fields = step.context ? await contextFields(vector, step.packet ? small : step, session) : undefined;
	const cause = step.context ? "context" : "packet";
	const named = fields ? { fields: contextSentence(fields) } : {};
	return failed(reason("test-run-refused", { ...facts, errno: errnoName(errno), cause, ...named }), {
		...evidence,
		...(fields ? { context_fields: fields } : {}),
	});
}
