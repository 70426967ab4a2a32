// SPDX-License-Identifier: Apache-2.0
import { machine } from "node:os";
import { execa } from "execa";
import { InputError } from "../../base/errors.js";
import { watcherPath } from "../../checks/takeover/watcher/watcher-path.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { type Action, commandTable } from "../terminal/command-table.js";
import { flagOf } from "../terminal/option.js";

type Options = Parameters<Action<"watch-hooks">>[1];

/** `bpfgate watch-hooks`: runs the static program of this machine's architecture. */
export const run: Action<"watch-hooks"> = async (_, options) => {
	if (process.getuid?.() !== 0) throw new InputError("watch-hooks", "", "needs root");
	const path = watcherPath(machine());
	// Ctrl-C reaches it as a member of the same process group.
	const result = await execa(path, watcherArguments(options), { stdio: "inherit", reject: false });
	if (result.code === "ENOENT")
		throw undecided("tool-missing", {
			what: `${path} is missing`,
			tool: "watch-hooks",
			advice: "build it with ci/setup --build, or install bpfgate with it",
		});
	process.exitCode = result.exitCode ?? 3;
};

/** The program has the same options. */
export function watcherArguments(options: Options): string[] {
	const given: Readonly<Record<string, unknown>> = options;
	return Object.keys(commandTable["watch-hooks"].options).flatMap((name) => {
		const value = given[name];
		if (value === undefined || value === false) return [];
		if (value === true) return [flagOf(name)];
		return [value].flat().flatMap((each) => [flagOf(name), `${each}`]);
	});
}
