// SPDX-License-Identifier: Apache-2.0

import { join } from "node:path";
import { cacheRoot } from "../../base/cache-root.js";
import { sha256, sha256File } from "../../base/host-files.js";
import { keep, readKept } from "../../base/schema-cache.js";
import { validator } from "../../base/validate.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Guest } from "../vm/guest.js";
import { askFeatures, kernelConfig } from "./ask.js";
import { Features } from "./features.js";
import { type Lack, missing } from "./missing.js";
import { readFeatureOptions } from "./options.js";

/** To be increased when the questions change. */
const QUESTIONS = 1;
const schema = validator(Features);

export interface FeatureSourceOptions {
	/** Creates the guest to ask; it is disposed of afterwards. */
	guest: (kernel: Kernel) => Promise<Guest>;
	/** Path of the built agent for an architecture (`uname -m`). */
	agent: (arch: string) => string;
}

/** Features of kernels, each asked once; cached by image, modules and agent. */
export class KernelFeatures {
	private readonly known = new Map<string, Promise<Features>>();

	constructor(private readonly options: FeatureSourceOptions) {}

	/** @throws UndecidedError when the kernel cannot be asked */
	features(kernel: Kernel): Promise<Features> {
		const key = `${kernel.id} ${kernel.image_sha256} ${kernel.modules_sha256}`;
		let found = this.known.get(key);
		if (!found) {
			found = this.load(kernel);
			this.known.set(key, found);
			found.catch(() => this.known.delete(key));
		}
		return found;
	}

	/** Why the kernel lacks a requirement, or undefined. Throws as `missing` and `features`. */
	async lack(kernel: Kernel, requirement: string): Promise<Lack | undefined> {
		const [features, config, options] = await Promise.all([
			this.features(kernel),
			kernelConfig(kernel),
			readFeatureOptions(),
		]);
		return missing({ features, config, options }, requirement);
	}

	private async load(kernel: Kernel): Promise<Features> {
		const path = await this.path(kernel);
		const cached = await readKept(path, schema);
		if (cached && cached.kernel.image_sha256 === kernel.image_sha256) {
			return { ...cached, kernel: { ...cached.kernel, id: kernel.id } };
		}
		const guest = await this.options.guest(kernel);
		try {
			const features = await askFeatures(guest);
			const splats = await guest.splats();
			if (splats[0]) {
				throw undecided("kernel-splat", { kernel: kernel.id, title: splats[0].title });
			}
			await keep(path, `${JSON.stringify(features)}\n`);
			return features;
		} finally {
			await guest.dispose();
		}
	}

	private async path(kernel: Kernel): Promise<string> {
		const agent = this.options.agent(kernel.arch);
		const digest = await sha256File(agent).catch((cause: unknown) => {
			throw undecided("agent-missing", { path: agent }, { cause });
		});
		const config = kernel.config === undefined ? "" : await sha256File(kernel.config);
		const inputs = [QUESTIONS, kernel.image_sha256, kernel.modules_sha256 ?? "", config, digest];
		return join(cacheRoot(), "features", `${sha256(inputs.join("\n"))}.json`);
	}
}
