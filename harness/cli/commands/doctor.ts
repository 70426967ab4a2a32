// SPDX-License-Identifier: Apache-2.0
import picocolors from "picocolors";
import { cacheRoot } from "../../base/cache-root.js";
import { printable, printableJson } from "../../base/printable.js";
import { agentPath } from "../../machine/guest/build.js";
import { hostArch } from "../../machine/kernel/catalog.js";
import { Machines } from "../../machine/vm/machine.js";
import type { Medium } from "../../report/medium.js";
import type { Action } from "../terminal/command-table.js";
import { mediumOf } from "../terminal/terminal.js";
import type { Diagnosis } from "./doctor/diagnosis.js";
import { diagnoseGuest } from "./doctor/guest.js";
import {
	diagnoseAgent,
	diagnoseCache,
	diagnoseKernels,
	diagnoseMemory,
	diagnoseNode,
	readMeminfo,
} from "./doctor/host.js";
import { diagnoseRequirements, type Purpose } from "./doctor/requirements.js";

/** `bpfgate doctor`: exit status 0 when nothing needed is missing, 1 otherwise. */
export const run: Action<"doctor"> = async (_, { json }, { write }) => {
	const diagnoses = await examine();
	const ok = diagnoses.every(({ state }) => state !== "missing");
	const medium = mediumOf(process.stdout, process.env);
	write(json ? `${printableJson({ ok, diagnoses }, 2)}\n` : describeDiagnoses(diagnoses, medium));
	process.exitCode = ok ? 0 : 1;
};

async function examine(): Promise<Diagnosis[]> {
	const { diagnosis: kernels, kernel } = await diagnoseKernels();
	const agent = await diagnoseAgent(agentPath(hostArch()));
	const needed = new Set<Purpose>(["run"]);
	if (kernels.state !== "ok") needed.add("pull");
	if (agent.state !== "ok") needed.add("agent");
	const host = [
		diagnoseNode(process.versions.node),
		...(await diagnoseRequirements(needed)),
		diagnoseMemory(await readMeminfo()),
		...(await diagnoseCache(cacheRoot())),
		agent,
		kernels,
	];
	const bootable = kernel && host.every(({ name, state }) => name === "kernels" || state !== "missing");
	return bootable ? [...host, ...(await diagnoseGuest(kernel, new Machines({ agent: agentPath })))] : host;
}

/** One line for each requirement; for one that is missing, also why it is needed and the fix. */
export function describeDiagnoses(diagnoses: Diagnosis[], medium: Medium): string {
	const colours = picocolors.createColors(medium.colour);
	const paint = { ok: colours.green, missing: colours.red, absent: colours.yellow };
	const width = Math.max(...diagnoses.map(({ name }) => printable(name).length));
	const lines = diagnoses.flatMap(({ name, state, found, why, fix }) => [
		`${paint[state](state.padEnd(7))}  ${printable(name).padEnd(width)}  ${printable(found)}`,
		...(state === "ok" ? [] : [`         ${why}`]),
		...(fix.length === 0 ? [] : [`         fix: ${fix.join("   or: ")}`]),
	]);
	const missing = diagnoses.filter(({ state }) => state === "missing").length;
	const unproven = diagnoses.every(({ name }) => name !== "guest") ? " No VM was booted." : "";
	const verdict =
		missing === 0 ? "No action needed." : `Fix ${missing === 1 ? "this one" : `these ${missing}`} first.`;
	return `${[...lines, "", `${verdict}${unproven}`].join("\n")}\n`;
}
