// SPDX-License-Identifier: Apache-2.0

import type { Loader } from "../loader/generate.js";
import { contextLayout } from "../loader/harden.js";
import { type LintFinding, weakness } from "./finding.js";
import { sysBpf } from "./installs.js";
import type { Walk } from "./walk.js";

/** DYNPTR_MAX_SIZE (kernel/bpf/helpers.c): what a signature covers is one dynptr to the kernel. */
const maxSignedBytes = 0xffffff;

/** Whether a loader lets anything that is not signed decide what it installs. */
export function lintProtection(loader: Loader, walk: Walk): LintFinding[] {
	return [...lintMetadata(loader, walk), ...lintContext(loader, walk), ...lintSize(loader)];
}

/** A loader whose signature covers its instructions alone has to look after its data itself. */
function lintMetadata({ contract }: Loader, walk: Walk): LintFinding[] {
	if (contract === "insns-maps") return [];
	if (walk.otherHash) return [weakness("error", "metadata-hash-differs")];
	const calls = walk.calls.filter(({ helper }) => helper === sysBpf);
	if (calls.some(({ hashed }) => !hashed)) return [weakness("error", "metadata-unchecked")];
	if (calls.every(({ exclusive }) => exclusive)) return [];
	return [weakness(contract === "insns" ? "warning" : "error", "metadata-not-exclusive", { contract })];
}

/** What of its context a loader uses: no signature covers that. */
function lintContext({ maps }: Loader, walk: Walk): LintFinding[] {
	const { header, map } = contextLayout;
	// Flags, and where the verifier's log goes.
	const reads = walk.contextReads.filter((at) => at < 0 || at >= header);
	const fieldOf = (at: number) =>
		at >= header && at < header + maps.length * map ? (at - header) % map : -1;
	const names = (field: number) =>
		reads.filter((at) => fieldOf(at) === field).map((at) => maps[Math.floor((at - header) / map)]);
	const sized = names(4);
	const filled = names(8);
	const findings: LintFinding[] = [];
	if (sized.length > 0) findings.push(weakness("error", "host-sizes-maps", { maps: sized.join(", ") }));
	if (filled.length > 0) findings.push(weakness("error", "host-initial-values", { maps: filled.join(", ") }));
	const [other] = reads.filter((at) => fieldOf(at) !== 4 && fieldOf(at) !== 8);
	if (other !== undefined) findings.push(weakness("error", "host-input", { offset: other }));
	return findings;
}

/** Whether a signature covers more than kernels verify. */
export function lintSize({ contract, insns, data }: Loader): LintFinding[] {
	const signed = insns.length + (contract === "insns-maps" ? data.length : 0);
	if (signed <= maxSignedBytes) return [];
	return [weakness("error", "payload-too-large", { bytes: signed, most: maxSignedBytes })];
}
