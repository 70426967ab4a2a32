// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { validator } from "../../base/validate.js";
import { LayersSchema } from "../packet/layers.js";
import { expectSchemaFile } from "../packet/testschema.js";
import { VectorFile } from "./schema.js";
import { parseText } from "./text.js";

const whole = validator({ ...VectorFile, definitions: { layers: LayersSchema } });

it("vectors/vectors.schema.json is the schema of vector files", () =>
	expectSchemaFile(
		"vectors/vectors.schema.json",
		"bpfgate packet vectors",
		VectorFile,
		"packets.schema.json",
	));

/**
 * The schema of layers is for editors; bpfgate checks layers where it builds them. Both must accept
 * these.
 */
it.each([
	"../../lab/subject/session/testdata/rewriter.yaml",
	"../../../programs/xdp-filter/vectors/filter.yaml",
	"../../../programs/tc-marker/vectors/marker.yaml",
	"../../../programs/xdp-chain/vectors/members.yaml",
	"../../../programs/netfilter-guard/vectors/guard.yaml",
	"../../../programs/sk-lookup-dispatcher/vectors/dispatch.yaml",
	"../../../programs/tcx-accounting/vectors/accounting.yaml",
])("accepts %s", async (file) => {
	const { value } = parseText(file, await readFile(new URL(file, import.meta.url)));
	expect(whole.violation(value)).toBeUndefined();
});

it("hexadecimal digits have a length that their pattern can look through", () => {
	const file = (hex: string) => ({ vectors: [{ name: "a", packet: { hex } }] });
	expect(whole.violation(file("0".repeat(2 ** 20)))).toBeUndefined();
	expect(whole.violation(file("0".repeat(15_000_000)))).toMatchObject({
		pointer: "/vectors/0/packet/hex",
		reason: "must NOT have more than 1048576 characters",
	});
});

it("what may differ has at most 256 patterns", () => {
	const file = (count: number) => ({
		volatile: Array.from({ length: count }, (_, at) => `maps/a${at}*`),
		vectors: [{ name: "a" }],
	});
	expect(whole.violation(file(256))).toBeUndefined();
	expect(whole.violation(file(257))).toMatchObject({ pointer: "/volatile" });
});
