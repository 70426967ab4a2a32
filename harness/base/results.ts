// SPDX-License-Identifier: Apache-2.0
import { type Static, type TArray, type TOptional, Type } from "@sinclair/typebox";
import { KernelPromise, type PromiseArea, promiseAreas } from "./kernel-promise.js";

const strings = <T extends string>(...values: T[]) => Type.Unsafe<T>({ type: "string", enum: values });

/** Name of a check, as on the command line. */
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
	duration_ms: Type.Number({ minimum: 0, description: "wall clock on the host" }),
	evidence: Type.Record(Type.String(), Type.Unknown()),
});
export type CaseResult = Static<typeof CaseResult>;

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

export const PackageRecord = Type.Object({
	name: Type.String(),
	version: Type.String(),
	sha256: Type.String({ description: "of the canonical listing of the package's files" }),
	path: Type.Optional(Type.String()),
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
		results: Type.Array(CaseResult),
	},
	{ $id: "bpfgate-results" },
);
export type Results = Static<typeof Results>;

/** Exit status of a run: 3 undecided outranks nothing but a clean pass; 1 outranks 3. */
export function exitStatus(results: Results): 0 | 1 | 3 | 130 {
	if (results.run.interrupted) return 130;
	const outcomes = new Set(results.results.map((result) => result.outcome));
	if (outcomes.has("fail")) return 1;
	if (outcomes.has("error")) return 3;
	return 0;
}
