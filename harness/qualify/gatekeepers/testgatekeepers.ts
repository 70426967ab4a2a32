// SPDX-License-Identifier: Apache-2.0
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GatekeeperName, sourceFolder } from "../../checks/signature/gatekeeper/artifacts.js";
import { buildGatekeepers } from "../../checks/signature/gatekeeper/build-gatekeepers.js";
import type { Workbench } from "../../lab/check.js";
import type { KernelPromise } from "../../lab/promise.js";
import { benchOf } from "../../lab/testbench.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { gatekeepersQuestionOf } from "./gatekeepers-question.js";

/** For tests: calls `work` with a bench on a kernel that has every feature but `lacks`. */
export async function withGatekeeperBench<T>(
	kernelId: string,
	{ parameters = [], lacks }: { parameters?: string[]; lacks?: string },
	work: (bench: Workbench) => Promise<T>,
): Promise<T> {
	const kernel = await openKernel(kernelId);
	const machines = new Machines({ agent: agentPath, parameters });
	let guest: Guest | undefined;
	const spoil = async () => {
		await guest?.dispose();
		guest = undefined;
	};
	const current = async () => {
		guest ??= await (parameters.length > 0 ? machines.boot(kernel) : machines.clone(kernel));
		return guest;
	};
	const lack = async (requirement: string) =>
		requirement === lacks
			? ({ state: "unsupported", message: `it has no ${requirement}`, hint: "none" } as const)
			: undefined;
	try {
		return await work(benchOf(kernel, current, { lack, spoil }));
	} finally {
		await spoil();
	}
}

/** For tests: the kernel's answers about some gatekeepers, by name: `deny/unsigned-map`. */
export function askedAbout(
	kernelId: string,
	which: readonly GatekeeperName[],
	{ folder, ...options }: { folder?: string; parameters?: string[]; lacks?: string } = {},
): Promise<Map<string, KernelPromise>> {
	return withGatekeeperBench(kernelId, options, async (bench) => {
		const found = new Map<string, KernelPromise>();
		const question = gatekeepersQuestionOf({ which, ...(folder === undefined ? {} : { folder }) });
		for await (const promise of question.run(bench)) found.set(promise.name, promise);
		return found;
	});
}

/** For tests: gatekeepers of sources in which `text`, there once, is replaced. */
export async function sabotaged(
	arch: string,
	file: string,
	text: string,
	replacement: string,
): Promise<AsyncDisposable & { folder: string }> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	const sources = join(folder, "sources");
	await cp(join(sourceFolder, "bpf"), sources, { recursive: true });
	const source = await readFile(join(sources, file), "utf8");
	if (source.split(text).length !== 2) throw new Error(`${file} does not have exactly one ${text}`);
	await writeFile(join(sources, file), source.replace(text, replacement));
	await buildGatekeepers(arch, () => {}, { folder: join(folder, "built"), sources });
	return {
		folder: join(folder, "built"),
		[Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
	};
}

/** Names of the broken promises, in the order in which they were found. */
export function brokenOf(found: Map<string, KernelPromise>): string[] {
	return [...found.values()].filter(({ kept }) => kept === false).map(({ name }) => name);
}

/** What a gatekeeper did not stop, without having promised it. */
export function gapsOf(found: Map<string, KernelPromise>, gatekeeper: GatekeeperName): string[] {
	const prefix = `${gatekeeper}/`;
	return [...found.values()]
		.filter(({ name, weakness }) => name.startsWith(prefix) && weakness !== undefined)
		.map(({ name }) => name.slice(prefix.length))
		.sort();
}
