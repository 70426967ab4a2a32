// SPDX-License-Identifier: Apache-2.0
import { NotCms, readCms } from "../cms-read.js";
import { type LintFinding, weakness } from "./finding.js";

/**
 * KMALLOC_MAX_CACHE_SIZE with pages of 4 KiB: bpf_prog_verify_signature() takes no longer
 * signature.
 */
const maxSignatureBytes = 8192;
const weakDigests = ["md4", "md5", "sha1"];

/** Whether a signature is of the form that kernels want: detached, bare, with a hash that holds. */
export function lintSignature({ cms }: { cms: Uint8Array }): LintFinding[] {
	const findings: LintFinding[] = [];
	if (cms.length > maxSignatureBytes)
		findings.push(weakness("error", "signature-too-large", { bytes: cms.length, most: maxSignatureBytes }));
	const read = tryRead(cms);
	if (typeof read === "string") {
		findings.push(weakness("error", "signature-unreadable", { why: read }));
		return findings;
	}
	if (weakDigests.includes(read.digest))
		findings.push(weakness("error", "weak-digest", { digest: read.digest }));
	if (read.attached) findings.push(weakness("error", "content-attached"));
	if (read.attributes) findings.push(weakness("warning", "attributes-signed"));
	if (read.certificates > 0)
		findings.push(weakness("warning", "certificates-embedded", { certificates: read.certificates }));
	return findings;
}

function tryRead(cms: Uint8Array): ReturnType<typeof readCms> | string {
	try {
		return readCms(cms);
	} catch (error) {
		if (error instanceof NotCms) return error.message;
		throw error;
	}
}
