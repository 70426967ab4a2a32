// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../package/package.js";
import type { Certificate } from "../certificate.js";
import type { SignedLoader } from "../signed-loader.js";
import { lintCertificate } from "./certificate.js";
import { lintContent } from "./content.js";
import { type LintFinding, weakness } from "./finding.js";
import { installedBy } from "./installs.js";
import { lintProtection } from "./protection.js";
import { lintSignature } from "./signature.js";
import { walk } from "./walk.js";

export type { LintCode, LintFinding } from "./finding.js";

export interface LintOptions {
	/** What the loader should install. */
	object?: Pick<PackageObject, "programs" | "maps" | "elf">;
	/** Whose signature it is. */
	certificate?: Certificate;
	/** Milliseconds since 1970. Default: now. */
	now?: number;
}

/**
 * Weaknesses of a signed loader, from its bytes alone: no kernel is asked. In a stable order; at
 * most one of each code.
 */
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
