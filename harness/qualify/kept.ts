// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { cacheRoot } from "../base/cache-root.js";
import { sha256, sha256File } from "../base/host-files.js";
import { keep, readKept } from "../base/schema-cache.js";
import { validator } from "../base/validate.js";
import type { KernelQuestion } from "../lab/kernel-question.js";
import { KernelPromise } from "../lab/promise.js";
import { agentPath } from "../machine/guest/build.js";
import type { Kernel } from "../machine/kernel/kernel.js";

/** A file of the cache: answers of one image to one question. */
const Kept = Type.Object(
	{ image_sha256: Type.String(), area: Type.String(), promises: Type.Array(KernelPromise) },
	{ additionalProperties: false },
);
type Kept = Static<typeof Kept>;
const schema = validator(Kept);

/** What the kernel answered before; undefined when this image was not asked these questions. */
export async function keptAnswers(
	kernel: Kernel,
	question: KernelQuestion,
): Promise<readonly KernelPromise[] | undefined> {
	const kept = await readKept(await pathOf(kernel, question), schema);
	if (kept?.image_sha256 !== kernel.image_sha256 || kept.area !== question.area) return undefined;
	const answered = new Set(kept.promises.map(({ name }) => name));
	return question.names().every((name) => answered.has(name)) ? kept.promises : undefined;
}

export async function keepAnswers(
	kernel: Kernel,
	question: KernelQuestion,
	promises: readonly KernelPromise[],
): Promise<void> {
	const { image_sha256 } = kernel;
	const kept: Kept = { image_sha256, area: question.area, promises: [...promises] };
	await keep(await pathOf(kernel, question), `${JSON.stringify(kept)}\n`);
}

/** All that may change an answer is in the name: image, modules, agent, question. */
async function pathOf(
	kernel: Kernel,
	{ area, version }: Pick<KernelQuestion, "area" | "version">,
): Promise<string> {
	const agent = await sha256File(agentPath(kernel.arch)).catch(() => "none");
	const config = kernel.config === undefined ? "" : await sha256File(kernel.config);
	const inputs = [area, version, kernel.image_sha256, kernel.modules_sha256 ?? "", config, agent];
	return join(cacheRoot(), "qualify", `${sha256(inputs.join("\n"))}.json`);
}
