// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openPackage } from "../../package/package.js";
import { contracts } from "../contract.js";
import { generateLoaders } from "./generate.js";
import { generator } from "./generator.js";

const sample = fileURLToPath(new URL("testdata/golden.bpf.o", import.meta.url));

/**
 * Of the loaders that each version of the generator makes of the sample. Never changed, only added
 * to: signatures made with a version are out in the world, and `verify` compares what is signed
 * with what that version makes.
 */
const golden: Record<number, { insns: Record<string, string>; data: string }> = {
	1: {
		insns: {
			insns: "b93dd31ea70cacb6213286677f41388c72336c8966d72bdf425990c74a8c6439",
			"insns-excl": "5ca4f105562cace753339fce8286e9a56eb5e34bac35937ad184396361ba9426",
			"insns-maps": "9dc1b6cc94811c026ad681ca35b632e9eb94fe43bb7ac4d5fcea1ed0bbf1b74e",
		},
		data: "03df32482cebcc10f3349ed2501c7e8c1beb8f1b709aa54d5534fd65acbb488b",
	},
};

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it("a version of the generator always makes the same loaders", async () => {
	const { objects } = await openPackage(sample);
	const loaders = await generateLoaders(objects[0]!, contracts);
	const made = {
		insns: Object.fromEntries(loaders.map(({ contract, insns }) => [contract, sha256(insns)])),
		data: sha256(loaders[0]!.data),
	};
	expect({ [generator.version]: made }).toEqual({ [generator.version]: golden[generator.version] });
});
