// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { between } from "../../base/results.js";
import { toHex } from "../../data/packet/bytes.js";
import { reason } from "../../data/reasons/registry/registry.js";
import { writtenVector } from "../../data/vectors/explore/saved.js";
import type { Vector } from "../../data/vectors/schema.js";
import type { Subject } from "../../data/vectors/subject.js";
import type { Finding } from "../../lab/check.js";
import type { Find, Searched } from "./mutant-search.js";

/** Findings of a search by kernel: one on the search itself, and the finds on that kernel. */
export function findingsOf(
	{ object, program }: Subject,
	searched: Searched,
	options: { kernels: readonly string[]; seed: number },
): { kernel: string; kernels?: string[]; finding: Finding }[] {
	const { finds, ...counts } = searched;
	const { kernels, seed } = options;
	const alone = kernels.length < 2 ? { note: "one kernel alone cannot disagree; choose two or more" } : {};
	const evidence = { seed, kernels, finds: finds.length, ...counts, ...alone };
	const explored = kernels.map((kernel) => ({
		kernel,
		finding: { case: `explore/${object.file}/${program.name}`, outcome: "pass", evidence } satisfies Finding,
	}));
	const found = finds.flatMap((find) => {
		const finding = findingOf(program.name, find, seed);
		const { kernels: some, usual } = find.symptom;
		// A disagreement belongs to no single kernel, and says nothing of one.
		if (usual)
			return [
				{ kernel: between, kernels: kernels.filter((id) => [...some, ...usual].includes(id)), finding },
			];
		return some.map((kernel) => ({ kernel, finding }));
	});
	return [...explored, ...found];
}

function findingOf(program: string, { symptom, vector, base, text }: Find, seed: number): Finding {
	const written = writtenVector(vector);
	const digest = createHash("sha256")
		.update(JSON.stringify([symptom.key, written]))
		.digest("hex")
		.slice(0, 8);
	const where = symptom.usual ? "" : ` on ${symptom.kernels.join(", ")}`;
	const found = `${program}: ${symptom.text}${where}, given ${base} with ${text}`;
	const saved: Vector = { name: `${symptom.kind}-${digest}`, description: found, ...written };
	return {
		case: `explore/${program}/${digest}`,
		outcome: "fail",
		reason: reason(`explore-${symptom.kind}`, { found }),
		evidence: {
			...symptom.evidence,
			base,
			mutant: text,
			seed,
			vector: saved,
			packets: vector.steps.map(({ packet }) => (packet ? toHex(packet) : null)),
		},
	};
}
