// SPDX-License-Identifier: Apache-2.0
import { type Static, type TArray, type TOptional, Type } from "@sinclair/typebox";
import { KernelPromise, type PromiseArea, promiseAreas } from "./kernel-promise.js";

const strings = <T extends string>(...values: T[]) => Type.Unsafe<T>({ type: "string", enum: values });

export const CheckName = Type.String({ pattern: "^[a-z][a-z0-9-]{0,63}$" });

/**
 * `pass` the kernel did what the package needs; `fail` it did not; `skip` the kernel lacks what the
 * case needs; `error` bpfgate could not find out.
 */
export const Outcome = strings("pass", "fail", "skip", "error");
export type Outcome = Static<typeof Outcome>;

export const Reason = Type.Object({
	code: Type.String({ pattern: "^[a-z0-9-]+$", description: "stable, for machines" }),
	message: Type.String({ description: "one sentence: what happened and why" }),
	hint: Type.String({ description: "what to do about it" }),
});
export type Reason = Static<typeof Reason>;

/** What `CaseResult.kernel` is for a result that only several kernels together show. */
export const between = "between";

export const CaseResult = Type.Object({
	package: Type.String(),
	kernel: Type.String({
		description: "id of an entry of `kernels`, or `between` for a result about several of them",
	}),
	kernels: Type.Optional(
		Type.Array(Type.String(), { description: "of a result `between` kernels: the ids of these" }),
	),
	check: CheckName,
	case: Type.String({ description: "`program/<name>`, without the check" }),
	outcome: Outcome,
	reason: Type.Optional(Reason),
	announced: Type.Optional(
		Type.Object(Reason.properties, {
			description: "the failure that `expect.failures` of the manifest announces: it counts as a pass",
		}),
	),
	duration_ms: Type.Number({ minimum: 0, description: "wall clock on the host" }),
	evidence: Type.Record(Type.String(), Type.Unknown()),
});
export type CaseResult = Static<typeof CaseResult>;

/** A skip by design: the package has a variant in its place, which is used. */
export function isOtherVariant({ outcome, reason }: Pick<CaseResult, "outcome" | "reason">): boolean {
	return outcome === "skip" && reason?.code === "other-variant";
}

export const KernelRecord = Type.Object({
	id: Type.String(),
	release: Type.String({ description: "`uname -r` as the running guest gave it" }),
	arch: Type.String(),
	image_sha256: Type.String(),
	source: Type.Optional(Type.String({ description: "package and version, or the file it was added from" })),
	promises: Type.Optional(
		Type.Object(
			Object.fromEntries(
				promiseAreas.map((area) => [area, Type.Optional(Type.Array(KernelPromise))]),
			) as Record<PromiseArea, TOptional<TArray<typeof KernelPromise>>>,
			{ additionalProperties: false, description: "what `bpfgate kernels qualify` found, by area" },
		),
	),
});
export type KernelRecord = Static<typeof KernelRecord>;

/** A program that no check loads, because its object or the manifest leaves it out. */
export const UnloadedProgram = Type.Object({
	object: Type.String({ description: "path inside the package" }),
	program: Type.String(),
	section: Type.String(),
	by: strings("section", "manifest"),
});
export type UnloadedProgram = Static<typeof UnloadedProgram>;

/** A program that is loaded and, as the manifest says, attached to nothing. */
export const UnattachedProgram = Type.Object({
	object: Type.String({ description: "path inside the package" }),
	program: Type.String(),
	section: Type.String(),
});
export type UnattachedProgram = Static<typeof UnattachedProgram>;

/** Something that a program of a package may do to the machine; no failure by itself. */
export const CapabilityRecord = Type.Object({
	case: Type.String({ description: "stable: `capability/send-signal`" }),
	object: Type.String({ description: "path inside the package" }),
	program: Type.String(),
	reason: Reason,
});
export type CapabilityRecord = Static<typeof CapabilityRecord>;

export const PackageRecord = Type.Object({
	name: Type.String(),
	version: Type.Optional(Type.String({ description: "absent for an object without a manifest" })),
	sha256: Type.Optional(
		Type.String({
			description: "of the canonical listing of the package's files; absent if it cannot be read",
		}),
	),
	path: Type.Optional(Type.String()),
	not_loaded: Type.Optional(
		Type.Array(UnloadedProgram, { description: "programs that are optional (`?`) or have autoload off" }),
	),
	not_attached: Type.Optional(
		Type.Array(UnattachedProgram, { description: 'programs that the manifest attaches to hook "none"' }),
	),
	capabilities: Type.Optional(
		Type.Array(CapabilityRecord, {
			description: "what its programs may do to a machine, read from the objects; absent if nothing is found",
		}),
	),
});
export type PackageRecord = Static<typeof PackageRecord>;

export const RunRecord = Type.Object({
	id: Type.String(),
	started: Type.String({ description: "RFC 3339, UTC" }),
	finished: Type.String({ description: "RFC 3339, UTC" }),
	bpfgate: Type.String({ description: "version" }),
	accelerator: strings("kvm", "tcg"),
	qemu: Type.String(),
	jobs: Type.Integer({ minimum: 1 }),
	interrupted: Type.Boolean(),
	unfinished: Type.Optional(
		Type.Array(Type.Object({ package: Type.String(), kernel: Type.String() }), {
			description: "cells that an interrupted run did not complete",
		}),
	),
	resumed: Type.Optional(
		Type.Array(Type.Object({ package: Type.String(), kernel: Type.String(), finished: Type.String() }), {
			description: "cells whose results are those of an earlier run (`--resume`), and when it had them",
		}),
	),
	allow_empty: Type.Optional(Type.Boolean({ description: "a run that tested nothing may be a success" })),
	required_kernels: Type.Optional(Type.Array(Type.String(), { description: "a skip on them is a failure" })),
	fail_on_skip: Type.Optional(Type.Boolean()),
	ignore_expectations: Type.Optional(
		Type.Boolean({ description: "failures that manifests announce are failures" }),
	),
	filter: Type.Optional(Type.Array(Type.String(), { description: "the only cases that were asked for" })),
});
export type RunRecord = Static<typeof RunRecord>;

/** The results document: the one source of every report. Fields may be added, not renamed. */
export const Results = Type.Object(
	{
		format: Type.Literal("bpfgate/results"),
		version: Type.Literal(1),
		run: RunRecord,
		kernels: Type.Array(KernelRecord),
		packages: Type.Array(PackageRecord),
		checks: Type.Optional(
			Type.Array(Type.Object({ name: CheckName, summary: Type.String() }), {
				description: "the questions of this run",
			}),
		),
		results: Type.Array(CaseResult),
	},
	{ $id: "bpfgate-results" },
);
export type Results = Static<typeof Results>;

/**
 * Exit status of a run: 1 outranks 3, 3 outranks 0. Without a pass of its own it is 3, unless
 * allowed.
 */
export function exitStatus(results: Results): 0 | 1 | 3 | 130 {
	if (results.run.interrupted) return 130;
	const outcomes = new Set(results.results.map((result) => result.outcome));
	if (outcomes.has("fail")) return 1;
	if (outcomes.has("error")) return 3;
	const passed = results.results.some(({ outcome, announced }) => outcome === "pass" && !announced);
	return passed || results.run.allow_empty ? 0 : 3;
}
