// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { PackageObject } from "../../../data/package/package.js";
import type { Contract } from "../../../data/signing/contract.js";
import type { PackageSignatures } from "../../../data/signing/layout.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { InstallPlans } from "../install-plan.js";
import { kernelContract } from "../kernel-contract.js";
import { KeyRefused, Keyrings } from "../keyrings.js";
import { type Installation, type InstallResult, installOnce } from "../loader-install.js";
import {
	type Admission,
	type GatekeeperAnswer,
	type GatekeeperSite,
	GatekeeperUnsupported,
	nameOf,
} from "./admission.js";
import { isHardened } from "./artifacts.js";
import { Gatekeeper } from "./gatekeeper.js";

/** `signature`: loads verified against one keyring, with keys of `trusted` and the package. */
export class SignatureAdmission implements Admission {
	private constructor(
		private readonly site: GatekeeperSite,
		readonly keys: Keyrings,
		/** Serial number of the admitted keyring. */
		readonly admitted: number,
		/** How each object is installed without the gatekeeper, or why it cannot be. */
		private readonly objects: ReadonlyMap<string, Installation | string>,
	) {}

	/** @param signatures that the package ships; undefined: its loaders are signed here */
	static async prepare(
		site: GatekeeperSite,
		signatures: PackageSignatures | undefined,
	): Promise<SignatureAdmission> {
		const { guest, pkg } = site;
		const { contract, shown } = await kernelContract(guest);
		if (contract === "none") throw new GatekeeperUnsupported(`the kernel verifies no signatures: ${shown}`);
		const keys = new Keyrings(guest.client);
		const admitted = await keys.trusted;
		if (signatures)
			await keys.trustCertificate(signatures.certificate.der, admitted).catch((error: unknown) => {
				// `installable` reports it.
				if (!(error instanceof KeyRefused)) throw error;
			});
		// Every key that is added to the admitted keyring is admitted: a hardened installation
		// closes it.
		if (isHardened(site.name)) await guest.client.call("key_restrict", { keyring: admitted });
		const plans = new InstallPlans(contract satisfies Contract, signatures, keys);
		const objects = new Map<string, Installation | string>();
		for (const object of pkg.objects)
			objects.set(object.file, await installable(guest.client, object, plans, admitted));
		return new SignatureAdmission(site, keys, admitted, objects);
	}

	install(): Promise<Gatekeeper> {
		return Gatekeeper.install(this.site, { keyrings: ["user"], serials: [this.admitted] });
	}

	async admits(gatekeeper: Gatekeeper): Promise<GatekeeperAnswer> {
		const { objects, site } = this;
		const obstacles = Object.fromEntries([...objects].filter(([, how]) => typeof how === "string"));
		const evidence = { without_gatekeeper: obstacles };
		if (Object.keys(obstacles).length === objects.size) {
			const why = Object.entries(obstacles).map(([file, obstacle]) => `${file}: ${obstacle}`);
			const impossible = `no object of the package can be installed by a signed loader, even without the gatekeeper (${why.join("; ")})`;
			return { case: "admits-package", holds: true, impossible, evidence };
		}
		await gatekeeper.decisions();
		const results: Record<string, string> = {};
		for (const [file, how] of objects)
			if (typeof how !== "string") results[file] = ended(await installOnce(site.guest.client, how));
		const decisions = await gatekeeper.decisions();
		const admitted = decisions.filter((decision) => decision.admitted);
		const verified = admitted.filter((decision) => decision.verified).length;
		const installed = Object.values(results).every((result) => result === "installed");
		return {
			case: "admits-package",
			// A load that the gatekeeper did not decide about was missed, not admitted.
			holds: installed && verified >= Object.keys(results).length,
			evidence: {
				...evidence,
				results,
				verified_loads: verified,
				loads_by_loaders: admitted.filter((decision) => decision.by_program).length,
				denied: decisions.length - admitted.length,
			},
		};
	}

	close(): Promise<void> {
		return this.keys.close();
	}
}

/** How an object is installed while there is no gatekeeper, or why it cannot be. */
async function installable(
	client: GuestClient,
	object: PackageObject,
	plans: InstallPlans,
	keyring: number,
): Promise<Installation | string> {
	const plan = await plans.own(object).catch((error: unknown) => {
		if (error instanceof InputError || error instanceof KeyRefused) return error.message;
		throw error;
	});
	if (plan === undefined) return "is not signed for this kernel's contract";
	if (typeof plan === "string") return plan;
	const { signature, ...rest } = plan.installation;
	const installation = { ...rest, ...(signature ? { signature: { ...signature, keyring } } : {}) };
	const result = await installOnce(client, installation);
	return result.step === "installed" ? installation : ended(result);
}

const ended = ({ step, errno }: InstallResult) =>
	step === "installed" ? step : `${nameOf(errno)} at ${step}`;
