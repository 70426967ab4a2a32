// SPDX-License-Identifier: Apache-2.0

import { identity } from "../../checks/signature/ephemeral-signers.js";
import {
	type GatekeeperAnswer,
	type GatekeeperSite,
	nameOf,
} from "../../checks/signature/gatekeeper/admission.js";
import { isHardened } from "../../checks/signature/gatekeeper/artifacts.js";
import { encodeSettings } from "../../checks/signature/gatekeeper/gatekeeper-settings.js";
import { done, LoaderAdmission, verityFolder } from "../../checks/signature/gatekeeper/loader-admission.js";
import { addKey } from "../../checks/signature/keyrings.js";
import { Attacker } from "./attacker.js";

/** Appended to an executable, where nothing reads it. */
const change = "changed";

/** What the gatekeeper does that approves executables by their fs-verity digest. */
export async function* attacksOnLoader(site: GatekeeperSite): AsyncGenerator<GatekeeperAnswer> {
	const { client } = site.guest;
	const attacker = await Attacker.prepare(site.guest, ["load_unsigned", "answer_first", "answer_before"]);
	const { intruder } = attacker;
	const admission = await LoaderAdmission.prepare(site);
	const { trusted } = admission;
	const attackers = await admission.keys.keyring("untrusted");
	const changed = Buffer.concat([admission.executable, Buffer.from(change)]);
	await done(intruder.fails("copy", intruder.path, `${verityFolder}/plain`));
	await done(intruder.fails("copy", intruder.path, `${verityFolder}/changed`, change));
	await done(intruder.fails("verity", `${verityFolder}/changed`));
	const attached = await attacker.attach("answer_before");
	const gatekeeper = await admission.install();
	yield attacker.answeredBy("attached-before", "answer_before", attached);

	const loadBy = (executable: string) => intruder.at(`${verityFolder}/${executable}`).fails("load");
	const deniedTo = async (name: string, executable: string): Promise<GatekeeperAnswer> => {
		const error = await loadBy(executable);
		return { case: name, holds: error !== undefined, evidence: { executable, errno: error ?? "0" } };
	};
	yield attacker.loadedBefore();
	yield admission.admits(gatekeeper);
	yield attacker.denied("unsigned-load", "load");
	yield attacker.denied("unsigned-map", "map");
	yield deniedTo("without-verity", "plain");
	yield deniedTo("changed-loader", "changed");
	await admission.approve(gatekeeper, changed, "untrusted");
	yield deniedTo("foreign-signature", "changed");
	yield attacker.denied("write-loader", "open", `${verityFolder}/approved`);
	yield attacker.denied("traced-loader", "trace", `${verityFolder}/approved`, "load");
	yield deniedTo("other-object", "approved");
	yield attacker.loadByProgram();
	yield attacker.attachedAfter();
	yield attacker.linkDetach(gatekeeper);
	if (isHardened(site.name)) yield attacker.unpin();

	const { certificate } = await identity("untrusted");
	const added = await addKey(client, { type: "asymmetric", payload: certificate.der, keyring: trusted });
	const byAdded = await loadBy("changed");
	yield {
		case: "key-added",
		holds: byAdded !== undefined,
		evidence: { key_add: nameOf("errno" in added ? added.errno : 0), load: byAdded ?? "0" },
	};
	if ("serial" in added) await client.call("key_unlink", { key: added.serial, keyring: trusted });
	// The changed loader is already signed with the attacker's key.
	const settings = encodeSettings({ trustedKeyring: attackers }, client.littleEndian);
	yield attacker.rewriteSettings(gatekeeper, settings, () => loadBy("changed"));
	yield attacker.holderEnds(gatekeeper);
}
