// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { InputError } from "../../../base/errors.js";
import { readRegular } from "../../../base/host-files.js";
import { validator } from "../../../base/validate.js";
import { layersDefinition } from "../../packet/layers.js";
import { parseJson } from "../manifest/json-text.js";
import type { Package } from "../package.js";
import { Chain } from "./chain.js";
import { checkChainRules, longReference } from "./chain-rules.js";

/** Where a chain was written. */
export interface ChainSource {
	/** As messages call it. */
	file: string;
	/** JSON pointer of the chain in it. */
	pointer: string;
	chain: Chain;
	/** The package whose manifest it is; a chain file stands outside of any. */
	owner?: Package;
}

/** A chain file: chains of several packages without an owner. `chains` is as in a manifest. */
export const ChainFile = Type.Object(
	{
		$schema: Type.Optional(Type.String()),
		chains: Type.Array(Chain, { minItems: 1, maxItems: 64 }),
	},
	{ additionalProperties: false, $id: "bpfgate-chains", definitions: layersDefinition },
);

const chainFiles = validator(ChainFile);
const maxBytes = 1024 * 1024;

/** Reads a chain file (`--chain`). @throws InputError with the JSON pointer, or unreadable */
export async function readChainFile(path: string): Promise<ChainSource[]> {
	return parseChainFile(path, await readRegular(path, maxBytes));
}

/** As `readChainFile`, of bytes that are there already. */
export function parseChainFile(file: string, bytes: Uint8Array): ChainSource[] {
	const { chains } = chainFiles.checked(parseJson(file, bytes), file);
	checkChainRules(file, chains);
	return chains.map((chain, index) => {
		const pointer = `/chains/${index}`;
		checkStandsAlone(file, pointer, chain);
		return { file, pointer, chain };
	});
}

/** There is no package whose programs a bare name could mean, nor one that could ship a loader. */
function checkStandsAlone(
	file: string,
	pointer: string,
	{ members, root_program: root, loader }: Chain,
): void {
	const references = [
		...members.map(({ program }, index) => ({ program, place: `members/${index}` })),
		...(root ? [{ program: root.program, place: "root_program" }] : []),
	];
	for (const { program, place } of references)
		if (longReference(program).package === undefined)
			throw new InputError(
				file,
				`${pointer}/${place}/program`,
				"names no package; a chain file stands outside of any, so it must",
			);
	if (loader)
		throw new InputError(
			file,
			`${pointer}/loader`,
			"is shipped by a package: the chain belongs into its manifest",
		);
}
