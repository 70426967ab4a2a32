// SPDX-License-Identifier: Apache-2.0
import { loadObject } from "../../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../../lab/subject/load/open-args.js";
import type { Admission, GatekeeperAnswer, GatekeeperSite } from "./admission.js";
import { Gatekeeper } from "./gatekeeper.js";

/** The trusted process is the agent, which is init. */
export const agentPid = 1;

/** `deny`: one process alone may load, the agent, which is given what the host has verified. */
export class DenyAdmission implements Admission {
	private constructor(
		private readonly site: GatekeeperSite,
		private readonly before: Record<string, number>,
	) {}

	static async prepare(site: GatekeeperSite): Promise<DenyAdmission> {
		return new DenyAdmission(site, await loadedByAgent(site));
	}

	install(): Promise<Gatekeeper> {
		return Gatekeeper.install(this.site, { trustedTgid: agentPid });
	}

	async admits(): Promise<GatekeeperAnswer> {
		const { before } = this;
		const evidence = { programs_without_gatekeeper: before };
		if (Object.values(before).every((count) => count === 0)) {
			const impossible = "no program of the package loads on this kernel, even without the gatekeeper";
			return { case: "admits-package", holds: true, impossible, evidence };
		}
		const programs = await loadedByAgent(this.site);
		const holds = Object.entries(before).every(([file, count]) => programs[file] === count);
		return { case: "admits-package", holds, evidence: { ...evidence, programs } };
	}

	async close(): Promise<void> {}
}

/** Number of programs that the agent loads, by object. */
async function loadedByAgent({ guest, pkg }: GatekeeperSite): Promise<Record<string, number>> {
	const { client, greeting } = guest;
	const counts: Record<string, number> = {};
	const targets = new Map<string, number>();
	const handles: number[] = [];
	for (const object of pkg.objects) {
		await client.call("file_write", { path: guestPath(object), data: object.loadable });
		const names = wantedPrograms(object).map(({ name }) => name);
		const { handle, loaded } = await loadObject(client, openArgs(object, greeting.cpus, targets), names);
		if (handle !== undefined) {
			targets.set(object.file, handle);
			handles.push(handle);
		}
		counts[object.file] = loaded.size;
	}
	for (const object of handles.reverse()) await client.call("object_close", { object });
	return counts;
}
