// SPDX-License-Identifier: Apache-2.0
import { type AttachTarget, attachPlaces } from "../../data/package/manifest/attach-target.js";
import type { FindingBody } from "../../lab/check.js";
import { passed } from "../../lab/findings.js";
import { AttachPoints, NoAttachPoint } from "../../lab/subject/attach/attach-points.js";
import { hookOf } from "../../lab/subject/attach/hook.js";
import { GuestError } from "../../machine/guest/client.js";
import type { InstalledObject, PlannedSubject } from "./installed-object.js";
import { settingEvidence } from "./signature-finding.js";

/** A function that every kernel has, for programs that are attached to one by name. */
const otherFunction = "do_nanosleep";
/** Programs of an object that are tried. */
const maxPrograms = 16;

/**
 * A signature does not cover where a program is attached. Tries the installed programs at hooks
 * that neither manifest nor section name, and reports which ones the kernel allows. Always a pass:
 * kernels make no promise here.
 */
export async function wrongHookFinding(
	{ object, setting, bench }: PlannedSubject,
	{ loaded: { handle, loaded } }: InstalledObject,
): Promise<FindingBody> {
	const { client } = await bench.guest();
	const points = new AttachPoints(client, bench);
	const allowed: string[] = [];
	const refused: Record<string, string> = {};
	const facts = object.programs.filter((program) => loaded.has(program.name)).slice(0, maxPrograms);
	for (const program of facts) {
		const settings = object.settings.programs?.[program.name];
		const own = hookOf(program, settings);
		const traced = /^k(ret)?probe$/.test(program.section.replace(/^\?/, "").split(/[./]/)[0] ?? "");
		const tries: AttachTarget[] = attachPlaces
			.filter((hook) => !("hook" in own) || own.hook !== hook)
			.map((hook) => ({ hook }));
		if (traced) tries.push({ hook: "auto", symbol: otherFunction });
		for (const target of tries) {
			const where = `${program.name} at ${target.symbol ?? target.hook}`;
			try {
				const point = await points.point(target);
				const { link } = await client.call("attach", {
					object: handle,
					program: program.name,
					hook: target.hook,
					...point.where,
					...(target.symbol === undefined ? {} : { symbol: target.symbol }),
				});
				await client.call("detach", { link });
				allowed.push(where);
			} catch (error) {
				if (error instanceof NoAttachPoint) continue;
				if (!(error instanceof GuestError)) throw error;
				refused[where] = error.errnoName;
			}
		}
	}
	await points.remove();
	const safe = allowed.length === 0;
	const weakness = "a signature does not cover where a program is attached: other hooks are allowed too";
	return passed({ ...settingEvidence(setting), safe, allowed, refused, ...(safe ? {} : { weakness }) });
}
