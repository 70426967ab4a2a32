// SPDX-License-Identifier: Apache-2.0
import { NotCms, readCms } from "../cms-read.js";
import type { LintFinding } from "./finding.js";

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
		findings.push({
			code: "signature-too-large",
			severity: "error",
			sentence: `The signature has ${cms.length} bytes; kernels take at most ${maxSignatureBytes}.`,
			hint: "leave certificates and attributes out of it: openssl cms -sign -nocerts -noattr",
		});
	const read = tryRead(cms);
	if (typeof read === "string") {
		findings.push({
			code: "signature-unreadable",
			severity: "error",
			sentence: `The signature ${read}.`,
			hint: "sign again",
		});
		return findings;
	}
	if (weakDigests.includes(read.digest))
		findings.push({
			code: "weak-digest",
			severity: "error",
			sentence: `The signature is over a hash of ${read.digest}, for which two programs with one hash can be made.`,
			hint: "sign again with SHA-256",
		});
	if (read.attached)
		findings.push({
			code: "content-attached",
			severity: "error",
			sentence:
				"The signature has the content inside; kernels refuse it, as they have the content themselves.",
			hint: "sign again, detached",
		});
	if (read.attributes)
		findings.push({
			code: "attributes-signed",
			severity: "warning",
			sentence: "What is signed are attributes, and the program only through a hash among them.",
			hint: "sign again without attributes: openssl cms -sign -noattr",
		});
	if (read.certificates > 0)
		findings.push({
			code: "certificates-embedded",
			severity: "warning",
			sentence: `The signature brings ${read.certificates === 1 ? "a certificate" : `${read.certificates} certificates`} along: kernels follow them to a key that they trust, so that whoever that key certified has signed, too.`,
			hint: "sign again without certificates: openssl cms -sign -nocerts",
		});
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
