// SPDX-License-Identifier: Apache-2.0

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPackage, type Package } from "../../../data/package/package.js";
import type { Finding } from "../../../lab/check.js";
import { benchOf } from "../../../lab/testbench.js";
import { openKernel } from "../../../machine/kernel/store.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { Machines } from "../../../machine/vm/machine.js";
import { type GatekeeperName, sourceFolder } from "./artifacts.js";
import { buildGatekeepers } from "./build.js";
import { gatekeeperFindings } from "./findings.js";

const root = join(import.meta.dirname, "../../../..");

export const examplePackage = (): Promise<Package> => openPackage(join(root, "programs/xdp-filter"));

/**
 * Findings by gatekeeper and case, `deny/unsigned-load`, of a kernel that lacks nothing unless said
 * otherwise.
 */
export async function postOn(
	kernelId: string,
	which: readonly GatekeeperName[],
	{ folder, parameters = [], lacks }: { folder?: string; parameters?: string[]; lacks?: string } = {},
): Promise<Map<string, Finding>> {
	const kernel = await openKernel(kernelId);
	const machines = new Machines({
		agent: (arch) => join(root, "build/agent", arch, "agent"),
		accelerator: "tcg",
		parameters,
	});
	let guest: Guest | undefined;
	const spoil = async () => {
		await guest?.dispose();
		guest = undefined;
	};
	const current = async () => {
		guest ??= await (parameters.length > 0 ? machines.boot(kernel) : machines.clone(kernel));
		return guest;
	};
	const bench = benchOf(kernel, current, {
		lack: async (requirement) =>
			requirement === lacks
				? { state: "unsupported", message: `it has no ${requirement}`, hint: "none" }
				: undefined,
		spoil,
		lost: async (cause) => {
			throw cause;
		},
	});
	try {
		const found = new Map<string, Finding>();
		const options = { which, ...(folder === undefined ? {} : { folder }) };
		for await (const finding of gatekeeperFindings(await examplePackage(), bench, undefined, options))
			found.set(finding.case.replace("gatekeeper/", ""), finding);
		return found;
	} finally {
		await spoil();
	}
}

/**
 * Builds the gatekeepers from a copy of their sources in which `text`, which must be there once, is
 * another.
 */
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
	if (source.split(text).length !== 2) throw new Error(`${file} has not exactly one ${text}`);
	await writeFile(join(sources, file), source.replace(text, replacement));
	await buildGatekeepers(arch, () => {}, { folder: join(folder, "built"), sources });
	return {
		folder: join(folder, "built"),
		[Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
	};
}

/** Names of the cases that failed, in the order in which they were found. */
export function failures(found: Map<string, Finding>): string[] {
	return [...found].filter(([, { outcome }]) => outcome === "fail").map(([name]) => name);
}

export function of(found: Map<string, Finding>, name: string): Finding {
	const finding = found.get(name);
	if (!finding) throw new Error(`nothing was found of ${name}`);
	return finding;
}
