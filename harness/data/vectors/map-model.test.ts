// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openPackage } from "../package/package.js";
import { suiteOf } from "./suite.js";

const folder = fileURLToPath(new URL("../../../programs/xdp-filter", import.meta.url));

/** What is said of the vector files of xdp-filter when the first prefix, of IPv4, is another. */
async function mistakes(prefix: string): Promise<string[]> {
	const pkg = await openPackage(folder);
	const [file] = pkg.vectors;
	const text = Buffer.from(file!.bytes).toString();
	expect(text).toContain("192.0.2.0/24: 1");
	const bytes = Buffer.from(text.replace("192.0.2.0/24: 1", `${prefix}: 1`));
	const { invalid } = suiteOf({ ...pkg, vectors: [{ ...file!, bytes }, ...pkg.vectors.slice(1)] });
	return invalid.flatMap(({ errors }) => errors.map(({ message }) => message.replace(/^.*\.yaml/, "")));
}

it.each(["198.51.100.0/24", "198.51.100.7/32", "0.0.0.0/0"])(
	"a prefix is a key of a trie: %s",
	async (prefix) => {
		expect(await mistakes(prefix)).toEqual([]);
	},
);

it.each([
	["192.0.2.0/33", '"192.0.2.0/33" is not a prefix here: the address has 32 bits'],
	[
		"2001:db8::/32",
		'"2001:db8::/32" is not a prefix here: a key has 4 bytes behind the length of the prefix, and 2001:db8:: is 16',
	],
	["192.0.2.0", '"192.0.2.0" does not fit struct prefix4; expected an object'],
])("an invalid prefix is refused: %s", async (prefix, reason) => {
	const place = `:6: /maps_before/blocked4/${prefix.replace("/", "~1")}`;
	expect(await mistakes(prefix)).toEqual([`${place}: ${reason}`]);
});
