// SPDX-License-Identifier: Apache-2.0
import { assemble, returns } from "../../base/insn.js";
import { keySpecs } from "../../base/keys.js";
import { identity, type Signer, signature } from "../../checks/signature/ephemeral-signers.js";
import {
	type GatekeeperAnswer,
	type GatekeeperSite,
	nameOf,
} from "../../checks/signature/gatekeeper/admission.js";
import { isHardened } from "../../checks/signature/gatekeeper/artifacts.js";
import { encodeSettings } from "../../checks/signature/gatekeeper/gatekeeper-settings.js";
import { SignatureAdmission } from "../../checks/signature/gatekeeper/signature-admission.js";
import { addKey } from "../../checks/signature/keyrings.js";
import { loadLoader } from "../../checks/signature/loader-install.js";
import { callsHelpers } from "../../machine/guest/bpf-call.js";
import { Attacker } from "./attacker.js";

/** What the gatekeeper does that requires a signature verified against one keyring. */
export async function* attacksOnSignature(site: GatekeeperSite): AsyncGenerator<GatekeeperAnswer> {
	const { client } = site.guest;
	const { littleEndian } = client;
	const attacker = await Attacker.prepare(site.guest, ["load_unsigned", "answer_before_load"]);
	const { intruder } = attacker;
	const admission = await SignatureAdmission.prepare(site, undefined);
	const { keys, admitted } = admission;
	const insns = assemble(returns(0), littleEndian);
	const load = async (signer: Signer, keyring: number, loaded = insns): Promise<number> => {
		const { errno, fd } = await loadLoader(client, loaded, [], 0, {
			bytes: await signature(insns, signer),
			keyring,
		});
		if (fd !== undefined) await client.call("close", { handle: fd });
		return errno;
	};

	const attackers = await keys.keyring("untrusted");
	const own = await keys.trust("untrusted", keySpecs.session);
	const unverifiable = await intruder.fails("load-unverifiable");
	const attached = await attacker.attach("answer_before_load");
	const gatekeeper = await admission.install();
	const unverified = attached === undefined ? await intruder.fails("load-unverifiable") : attached;
	const before = await attacker.answeredBy("attached-before", "answer_before_load", attached);
	const loads = { without_attacker: unverifiable ?? "0", with: unverified ?? "0" };
	yield { ...before, evidence: { ...before.evidence, load_of_what_no_verifier_takes: loads } };

	yield attacker.loadedBefore();
	yield admission.admits(gatekeeper);
	yield attacker.denied("unsigned-load", "load");
	yield attacker.denied("forked-load", "fork");
	const answer = async (name: string, errno: number, isHeld: boolean): Promise<GatekeeperAnswer> => ({
		case: name,
		holds: isHeld,
		evidence: { errno: nameOf(errno), decisions: await gatekeeper.decisions() },
	});
	await gatekeeper.decisions();
	const listed = await load("trusted", admitted);
	yield answer("listed-key", listed, listed === 0);
	const unlisted = await load("untrusted", attackers);
	yield answer("unlisted-key", unlisted, unlisted !== 0);
	const inSession = await load("untrusted", keySpecs.session);
	yield answer("session-keyring", inSession, inSession !== 0);
	const tampered = await load("trusted", admitted, assemble(callsHelpers(7), littleEndian));
	const decisions = await gatekeeper.decisions();
	yield {
		case: "tampered-load",
		holds: tampered !== 0 && decisions.length === 0,
		evidence: { errno: nameOf(tampered), decisions },
	};
	yield attacker.loadByProgram();
	yield attacker.answeredBy(
		"attached-after",
		"answer_before_load",
		await attacker.attach("answer_before_load"),
	);
	yield attacker.linkDetach(gatekeeper);
	if (isHardened(site.name)) yield attacker.unpin();

	const { certificate } = await identity("untrusted");
	const added = await addKey(client, { type: "asymmetric", payload: certificate.der, keyring: admitted });
	const keyErrno = "errno" in added ? added.errno : 0;
	const byAdded = keyErrno || (await load("untrusted", admitted));
	yield {
		case: "key-added",
		holds: byAdded !== 0,
		evidence: { key_add: nameOf(keyErrno), load: nameOf(byAdded) },
	};
	const settings = encodeSettings({ keyrings: ["user"], serials: [attackers] }, littleEndian);
	yield attacker.rewriteSettings(gatekeeper, settings, async () => {
		const errno = await load("untrusted", attackers);
		return errno === 0 ? undefined : nameOf(errno);
	});
	yield attacker.holderEnds(gatekeeper);
	await client.call("key_unlink", { key: own, keyring: keySpecs.session });
	await admission.close();
	await attacker.leave();
}
