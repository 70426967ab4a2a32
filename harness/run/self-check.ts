// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { cacheRoot } from "../base/cache-root.js";
import { UndecidedError } from "../base/errors.js";
import { sha256 } from "../base/host-files.js";
import { CaseResult } from "../base/results.js";
import { keep, readKept } from "../base/schema-cache.js";
import { validator } from "../base/validate.js";
import { undecided } from "../data/reasons/registry/registry.js";
import type { Lab } from "../lab/lab.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { canaryPackage, canaryVerdicts, wrongVerdicts } from "./canary.js";
import { machineKey } from "./cell-key.js";

/** A file of the cache: what the checks said of the canary. */
const Kept = Type.Object(
	{
		image_sha256: Type.String(),
		verdicts: Type.Array(Type.Pick(CaseResult, ["check", "case", "outcome", "reason"])),
	},
	{ additionalProperties: false },
);
type Kept = Static<typeof Kept>;
const schema = validator(Kept);

/** Lets nothing be said of a kernel on which a known verdict comes out wrong. */
export class SelfCheck {
	readonly #asked = new Map<string, Promise<void>>();

	/**
	 * @param lab where the canary runs, once for each image, agent and build of bpfgate
	 * @param version of bpfgate
	 */
	constructor(
		private readonly lab: Pick<Lab, "withBench">,
		private readonly version: string,
	) {}

	/** @throws UndecidedError `self-check-failed`, or why it could not be found out */
	async assert({ guest: _, ...kernel }: Kernel): Promise<void> {
		const pkg = await canaryPackage(kernel.arch);
		const key = sha256([this.version, pkg.sha256, await machineKey(kernel)].join("\n"));
		const asked = this.#asked.get(key) ?? this.#ask(kernel, pkg, key);
		this.#asked.set(key, asked);
		// What could not be found out may be tried again.
		asked.catch((error) => {
			if (!(error instanceof UndecidedError && error.code === "self-check-failed")) this.#asked.delete(key);
		});
		return asked;
	}

	async #ask(kernel: Kernel, pkg: Awaited<ReturnType<typeof canaryPackage>>, key: string): Promise<void> {
		const path = join(cacheRoot(), "qualify", `self-check-${key}.json`);
		const { image_sha256 } = kernel;
		const kept = await readKept(path, schema);
		if (kept?.image_sha256 === image_sha256 && wrongVerdicts(kept.verdicts).length === 0) return;
		const verdicts = await this.lab.withBench(kernel, (bench) => canaryVerdicts(pkg, bench));
		const wrong = wrongVerdicts(verdicts);
		const decided = wrong.filter(({ undecided: unsure }) => !unsure).map(({ words }) => words);
		const why = verdicts.find(({ outcome }) => outcome === "error")?.reason;
		if (why && decided.length === 0) throw new UndecidedError(why.code, why.message, why.hint);
		if (decided.length > 0)
			throw undecided("self-check-failed", { kernel: kernel.id, wrong: decided.join("; ") });
		await keep(path, `${JSON.stringify({ image_sha256, verdicts } satisfies Kept)}\n`);
	}
}
