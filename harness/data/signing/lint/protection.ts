// SPDX-License-Identifier: Apache-2.0

import type { Loader } from "../loader/generate.js";
import { contextLayout } from "../loader/harden.js";
import type { LintFinding } from "./finding.js";
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
	if (walk.otherHash)
		return [
			{
				code: "metadata-hash-differs",
				severity: "error",
				sentence:
					"The loader compares the hash of its data with that of other data, and refuses to run with these.",
				hint: "the data was changed after the loader was made: sign the object again",
			},
		];
	const calls = walk.calls.filter(({ helper }) => helper === sysBpf);
	if (calls.some(({ hashed }) => !hashed))
		return [
			{
				code: "metadata-unchecked",
				severity: "error",
				sentence:
					"The signature covers the instructions alone, and they do not compare the hash of their data: any data goes with this signature.",
				hint: "make the loader for signing: `bpfgate sign`, or bpftool's -S",
			},
		];
	if (calls.every(({ exclusive }) => exclusive)) return [];
	return [
		{
			code: "metadata-not-exclusive",
			severity: contract === "insns" ? "warning" : "error",
			sentence:
				"The loader compares the hash of its data but takes a map that other programs can write, so that it can be changed after the look at its hash (CVE-2026-80675).",
			hint:
				contract === "insns"
					? "kernels before 7.1 give a loader no way to ask; on 7.1 and 7.2 use one of contract insns-excl, on 7.3 insns-maps, and let this key sign nothing for older kernels once there are none"
					: "sign again with `bpfgate sign`, or with bpftool 7.8",
		},
	];
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
	const hint = "sign again with `bpfgate sign`, or with bpftool 7.8";
	if (sized.length > 0)
		findings.push({
			code: "host-sizes-maps",
			severity: "error",
			sentence: `Whoever runs the loader chooses the size of ${sized.join(", ")}, whatever was signed.`,
			hint,
		});
	if (filled.length > 0)
		findings.push({
			code: "host-initial-values",
			severity: "error",
			sentence: `Whoever runs the loader chooses the initial content of ${filled.join(", ")}, constants of the programs among them, whatever was signed.`,
			hint,
		});
	const [other] = reads.filter((at) => fieldOf(at) !== 4 && fieldOf(at) !== 8);
	if (other !== undefined)
		findings.push({
			code: "host-input",
			severity: "error",
			sentence: `The loader reads its context at byte ${other}, which libbpf's loaders only write: whoever runs it has a say in what it installs.`,
			hint,
		});
	return findings;
}

/** Whether a signature covers more than kernels verify. */
export function lintSize({ contract, insns, data }: Loader): LintFinding[] {
	const signed = insns.length + (contract === "insns-maps" ? data.length : 0);
	if (signed <= maxSignedBytes) return [];
	return [
		{
			code: "payload-too-large",
			severity: "error",
			sentence: `The signature covers ${signed} bytes; kernels take at most ${maxSignedBytes}.`,
			hint: "split the object, or fill large maps after loading",
		},
	];
}
