// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Diagnosis } from "./diagnosis.js";

/** What a line of ci/requirements.txt is needed for. */
export type Purpose = "run" | "pull" | "agent" | "examples";

const script = fileURLToPath(new URL("../../../../ci/tool", import.meta.url));

/** False where bpfgate is installed from npm, with everything built: nothing is compiled there. */
const isCheckout = existsSync(fileURLToPath(new URL("../../../../ci/setup", import.meta.url)));

/** What ci/tool finds of the requirements. @param needed purposes without which nothing works */
export async function diagnoseRequirements(
	needed: ReadonlySet<Purpose>,
	requirements: readonly string[] = [],
	env: NodeJS.ProcessEnv = process.env,
): Promise<Diagnosis[]> {
	const { stdout } = await execa(script, ["--all", ...requirements], {
		stdin: "ignore",
		env,
		extendEnv: false,
	});
	const lines = stdout.split("\n").map((line) => line.split("\t"));
	const used = lines.filter(([, purpose]) => isCheckout || purpose === "run" || purpose === "pull");
	return used.map(([state, purpose, name = "", found = "", apt, dnf, why = ""]): Diagnosis => {
		const ok = state === "ok";
		return {
			name,
			state: ok ? "ok" : needed.has(purpose as Purpose) ? "missing" : "absent",
			found,
			why,
			fix: ok ? [] : [`apt-get install ${apt}`, `dnf install ${dnf}`],
		};
	});
}
