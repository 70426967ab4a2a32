// SPDX-License-Identifier: Apache-2.0
import type { GatekeeperAnswer, GatekeeperSite } from "../../checks/signature/gatekeeper/admission.js";
import { isHardened } from "../../checks/signature/gatekeeper/artifacts.js";
import { agentPid, DenyAdmission } from "../../checks/signature/gatekeeper/deny-admission.js";
import { offsets } from "../../checks/signature/gatekeeper/gatekeeper-settings.js";
import { Attacker } from "./attacker.js";

/** What the gatekeeper does that lets one process alone load. */
export async function* attacksOnDeny(site: GatekeeperSite): AsyncGenerator<GatekeeperAnswer> {
	const attacker = await Attacker.prepare(site.guest, ["load_unsigned", "answer_first", "answer_before"]);
	const admission = await DenyAdmission.prepare(site);
	const attached = await attacker.attach("answer_before");
	const gatekeeper = await admission.install();
	yield attacker.answeredBy("attached-before", "answer_before", attached);
	yield attacker.loadedBefore();
	yield admission.admits();
	yield attacker.denied("unsigned-load", "load");
	yield attacker.denied("unsigned-map", "map");
	yield attacker.denied("forked-load", "fork");
	yield attacker.loadByProgram();
	yield attacker.attachedAfter();
	yield attacker.linkDetach(gatekeeper);
	if (isHardened(site.name)) yield attacker.unpin();
	yield attacker.denied("trusted-memory", "memory", String(agentPid));

	const id = gatekeeper.settingsMap;
	const taken = await attacker.intruder.fails("take-over", String(id), String(offsets.trustedTgid));
	yield {
		case: "rewrite-settings",
		holds: taken !== undefined,
		evidence: { map: id, errno: taken ?? "0" },
	};
	yield attacker.holderEnds(gatekeeper);
	await attacker.leave();
}
