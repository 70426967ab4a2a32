// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { ChainEntry } from "./chain-entry.js";
import { contradicted } from "./chain-loader.js";

const entry = (label: string) => ({ member: { label }, program: "first" }) as ChainEntry;
const [a, b, c] = [entry("a"), entry("b"), entry("c")];
const listed = [{ entry: a }, { entry: b }, { entry: c }];
const trace = (...met: ChainEntry[]) => ({ what: "a packet", met: met.map((each) => ({ entry: each })) });

it.each([
	[[], undefined],
	[[trace()], undefined],
	[[trace(a, b, c)], undefined],
	[[trace(a, c)], undefined],
	[[trace(a, b), trace(b, a)], { packet: "a packet", first: "b", second: "a" }],
	[[trace(c, b)], { packet: "a packet", first: "c", second: "b" }],
])("compares what packets met with the list: %#", (traces, expected) => {
	expect(contradicted(listed, traces)).toEqual(expected);
});
