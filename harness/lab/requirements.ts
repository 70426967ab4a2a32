// SPDX-License-Identifier: Apache-2.0

import type { Manifest } from "../data/package/manifest/manifest.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Lack } from "../machine/features/missing.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Finding } from "./check.js";
import { lackReason } from "./findings.js";

/** Answers for a kernel whether it has a feature of `kernels.requires`, by asking the kernel. */
export interface FeatureSource {
	/** Undefined when the kernel has it. Throws UndecidedError when it cannot be asked. */
	lack(kernel: Kernel, requirement: string): Promise<Lack | undefined>;
}

/** Why no case applies to a kernel: the manifest excludes it, or requires what it lacks. */
export async function unmet(
	manifest: Manifest,
	kernel: Kernel,
	features: FeatureSource,
): Promise<Pick<Finding, "reason" | "evidence"> | undefined> {
	const promised = outsidePromise(manifest, kernel);
	if (promised) return promised;
	for (const requirement of manifest.kernels?.requires ?? []) {
		const lack = await features.lack(kernel, requirement);
		if (!lack) continue;
		return { reason: lackReason(lack), evidence: { requirement, state: lack.state } };
	}
	return undefined;
}

function outsidePromise(
	manifest: Manifest,
	kernel: Kernel,
): Pick<Finding, "reason" | "evidence"> | undefined {
	const { from, to } = manifest.kernels ?? {};
	const early = from !== undefined && compareLines(kernel.release, from) < 0;
	const late = to !== undefined && compareLines(kernel.release, to) > 0;
	if (!early && !late) return undefined;
	return {
		reason: reason("not-promised", {
			kernel: kernel.id,
			bound: early ? `older than ${from}, the first` : `newer than ${to}, the last`,
			package: manifest.name,
		}),
		evidence: { promised: { ...(from ? { from } : {}), ...(to ? { to } : {}) } },
	};
}

/** Compares the first two numbers of two releases: the line a kernel belongs to. */
function compareLines(a: string, b: string): number {
	const [majorA = 0, minorA = 0] = a.split(/[.-]/).map(Number);
	const [majorB = 0, minorB = 0] = b.split(/[.-]/).map(Number);
	return majorA - majorB || minorA - minorB;
}
