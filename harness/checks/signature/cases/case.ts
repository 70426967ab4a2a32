// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../../data/package/package.js";
import type { Promises } from "../promise.js";
import type { Observed, Scene } from "../scene.js";

/** A situation that a signed loader is brought into, and what each contract promises of it. */
export interface SignatureCase {
	name: string;
	promises: Promises;
	run(scene: Scene): Promise<Observed>;
	/** Objects that it can be tried with; all unless given. */
	applies?(object: PackageObject): boolean;
	/** What a broken promise is called; `signature-unexpected` unless given. */
	code?: string;
}
