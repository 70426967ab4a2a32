// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../package/package.js";
import type { Certificate } from "../certificate.js";
import { NotCms, readCms } from "../cms-read.js";
import type { SignedLoader } from "../signed-loader.js";
import { lintCertificate } from "./certificate.js";
import { lintContent } from "./content.js";
import { type LintFinding, weakness } from "./finding.js";
import { installedBy } from "./installs.js";
import { lintProtection } from "./protection.js";
import { walk } from "./walk.js";

/** KMALLOC_MAX_CACHE_SIZE (4 KiB pages): the limit of bpf_prog_verify_signature(). */
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
	const certificates = read.certificates.length;
	if (certificates > 0) findings.push(weakness("warning", "certificates-embedded", { certificates }));
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

export type { LintCode, LintFinding } from "./finding.js";

export interface LintOptions {
	/** What the loader should install. */
	object?: Pick<PackageObject, "programs" | "maps" | "elf">;
	certificate?: Certificate;
	/** Milliseconds since 1970. Default: now. */
	now?: number;
}

/** Weaknesses of a signed loader, from its bytes alone; in stable order, one of each code. */
export function lintLoader(loader: Omit<SignedLoader, "display">, options: LintOptions = {}): LintFinding[] {
	const { object, certificate, now = Date.now() } = options;
	const walked = walk(loader.insns, loader.data);
	const installed = walked && installedBy(walked, loader.data);
	const readable: LintFinding[] =
		walked && installed
			? [...lintProtection(loader, walked), ...lintContent(loader, installed, object)]
			: [weakness("error", "unknown-loader")];
	return [...readable, ...lintSignature(loader), ...(certificate ? lintCertificate(certificate, now) : [])];
}
