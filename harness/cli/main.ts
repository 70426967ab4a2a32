#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { type Actions, createProgram } from "./program.js";
import { enter } from "./terminal/enter.js";
import type { KnownNames } from "./terminal/option.js";

/** Each command's module is loaded when the command is used: `--help` and `--version` need none. */
const actions: Actions = {
	test: async () => ({
		run: (await import("./commands/test.js")).testWith((await import("./engine.js")).engine),
	}),
	inspect: () => import("./commands/inspect.js"),
	"vectors record": () => import("./commands/vectors/record-vectors.js"),
	"vectors list": () => import("./commands/vectors/list-vectors.js"),
	"vectors check": () => import("./commands/vectors/check-vectors.js"),
	"token infer": () => import("./commands/token/infer.js"),
	"token audit": () => import("./commands/token/audit.js"),
	"token demo": () => import("./commands/token/demo.js"),
	sign: () => import("./commands/sign.js"),
	verify: () => import("./commands/verify.js"),
	keygen: () => import("./commands/keygen.js"),
	"kernels list": () => import("./commands/kernels/list.js"),
	"kernels pull": () => import("./commands/kernels/pull.js"),
	"kernels add": () => import("./commands/kernels/add.js"),
	"kernels features": () => import("./commands/kernels/features.js"),
	"kernels qualify": () => import("./commands/kernels/qualify.js"),
	"watch-hooks": () => import("./commands/watch-hooks.js"),
	doctor: () => import("./commands/doctor.js"),
};

await enter(async (interruption) => {
	const context = {
		write: (text: string) => void process.stdout.write(text),
		signal: () => interruption.signal,
	};
	const args = process.argv.slice(2);
	const asksTest = args.find((arg) => !arg.startsWith("-")) === "test" || args.includes("help");
	const known = asksTest ? await knownNames() : undefined;
	await createProgram(actions, context, known).parseAsync(args, { from: "user" });
});

/** From the modules of checks and outputs, which only `bpfgate test` and its help need. */
async function knownNames(): Promise<KnownNames> {
	const [{ namesOf }, { engine }] = await Promise.all([import("./commands/test.js"), import("./engine.js")]);
	return namesOf(engine);
}
