// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../../../data/package/package.js";
import { reason, reasonSaying } from "../../../data/reasons/registry/registry.js";
import { wrongSignature } from "../../../data/signing/cms-read.js";
import { type Named, packageDocument } from "../../../data/signing/document.js";
import type { PackageSignatures } from "../../../data/signing/layout.js";
import type { Finding, FindingBody, Workbench } from "../../../lab/check.js";
import { failed, passed, skipped } from "../../../lab/findings.js";
import { runCases } from "../../../lab/run-cases.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { needsCleanGuests } from "../clean-guests.js";
import { identity, signature } from "../ephemeral-signers.js";
import {
	type Admission,
	activeLsms,
	type GatekeeperAnswer,
	type GatekeeperSite,
	GatekeeperUnsupported,
	gatekeeperLack,
} from "./admission.js";
import { type GatekeeperName, gatekeepers, kindOf, staysInGuest } from "./artifacts.js";
import { DenyAdmission } from "./deny-admission.js";
import { GatekeeperRefused } from "./gatekeeper.js";
import { LoaderAdmission } from "./loader-admission.js";
import { SignatureAdmission } from "./signature-admission.js";

export interface AdmissionOptions {
	/** Default: all. */
	which?: readonly GatekeeperName[];
	/** Folder with their objects; default: what `ci/setup` builds. */
	folder?: string;
}

const namesOf = (name: GatekeeperName): string[] =>
	kindOf(name) === "deny" ? ["admits-package", "tampered-package"] : ["admits-package"];

/** Cases `gatekeeper/<which>/<case>`. */
export function admissionCases(which: readonly GatekeeperName[] = gatekeepers): string[] {
	return which.flatMap((name) => namesOf(name).map((each) => `gatekeeper/${name}/${each}`));
}

/**
 * Installs one gatekeeper after the other, and tries whether it admits the package. What it keeps
 * out is a promise of kernel and gatekeeper: `bpfgate kernels qualify` asks for it.
 * @param signatures that the package ships; undefined: its loaders are signed here
 */
export async function* admissionFindings(
	pkg: Package,
	bench: Workbench,
	signatures: PackageSignatures | undefined,
	{ which: chosen = gatekeepers, folder }: AdmissionOptions = {},
): AsyncGenerator<Finding> {
	for (const name of chosen)
		yield* runCases(bench, {
			cases: admissionCases([name]),
			leftovers: `gatekeeper/${name}/leftovers`,
			after: `gatekeeper ${name} was detached and unloaded`,
			alone: pkg.objects.some((object) => needsCleanGuests(object, signatures)),
			async *run() {
				for (const [each, body] of await admission(pkg, bench, signatures, name, folder))
					yield { case: `gatekeeper/${name}/${each}`, ...body };
			},
		});
}

async function admission(
	pkg: Package,
	bench: Workbench,
	signatures: PackageSignatures | undefined,
	name: GatekeeperName,
	folder: string | undefined,
): Promise<[string, FindingBody][]> {
	const all = (body: FindingBody) => namesOf(name).map((each): [string, FindingBody] => [each, body]);
	const lack = await gatekeeperLack(name, bench);
	if (lack) return all(skipped(lack.reason, lack.evidence));
	const guest = await bench.guest();
	try {
		const prepared = await prepare({ guest, name, pkg, ...(folder ? { folder } : {}) }, signatures);
		const gatekeeper = await prepared.install();
		const answers = [await prepared.admits(gatekeeper)];
		if (kindOf(name) === "deny") answers.push(await tamperedPackage(pkg));
		const lsms = await activeLsms(guest.client);
		await gatekeeper.abandon();
		await prepared.close();
		if (staysInGuest(name)) await bench.spoil();
		return answers.map((answer) => [answer.case, body(name, answer, guest, lsms)]);
	} catch (cause) {
		const { id } = bench.kernel;
		if (cause instanceof GatekeeperUnsupported) {
			await bench.spoil();
			const message = `gatekeeper ${name} cannot be installed on ${id}: ${cause.message}`;
			const hint = "use the gatekeeper `deny` on this kernel";
			return all(skipped(reasonSaying("feature-unsupported", message, hint)));
		}
		if (!(cause instanceof GatekeeperRefused)) throw cause;
		await bench.spoil();
		return all(failed(reason("gatekeeper-refused", { gatekeeper: name, kernel: id, why: cause.message })));
	}
}

/** Prepares a guest for a gatekeeper of any kind. @throws GatekeeperUnsupported */
function prepare(site: GatekeeperSite, signatures: PackageSignatures | undefined): Promise<Admission> {
	switch (kindOf(site.name)) {
		case "signature":
			return SignatureAdmission.prepare(site, signatures);
		case "deny":
			return DenyAdmission.prepare(site);
		case "loader":
			return LoaderAdmission.prepare(site);
	}
}

function body(name: GatekeeperName, answer: GatekeeperAnswer, guest: Guest, lsms: string): FindingBody {
	const { impossible, evidence } = answer;
	const kernel = guest.kernel.id;
	if (impossible !== undefined)
		return skipped(reason("not-applicable", { case: answer.case, kernel, why: impossible }), evidence);
	if (answer.holds) return passed(evidence);
	return failed(
		lsms.split(",").includes("bpf")
			? reason("gatekeeper-fails", { gatekeeper: name, kernel, what: wrong(answer.case) })
			: reason("bpf-lsm-inactive", { gatekeeper: name, kernel, active: lsms }),
		evidence,
	);
}

const wrong = (name: string) =>
	name === "admits-package"
		? "it does not admit the package"
		: "the host accepts a package that was changed after signing";

/** The host's part of `deny`: what the agent is given is signed as a package. */
async function tamperedPackage(pkg: Package): Promise<GatekeeperAnswer> {
	const { certificate } = await identity("trusted");
	// The digest alone is changed, so that of signatures.json does not matter.
	const document = (named: Named) => packageDocument(named, new Uint8Array());
	const cms = await signature(document(pkg));
	const sha256 = pkg.sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
	const signed = wrongSignature(document(pkg), cms, certificate);
	const changed = wrongSignature(document({ ...pkg, sha256 }), cms, certificate);
	return {
		case: "tampered-package",
		holds: signed === undefined && changed !== undefined,
		evidence: { as_signed: signed ?? "accepted", changed: changed ?? "accepted" },
	};
}
