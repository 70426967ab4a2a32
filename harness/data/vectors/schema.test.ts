// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { Type } from "@sinclair/typebox";
import { expect, it } from "vitest";
import { validator } from "../../base/validate.js";
import { type VectorFile, vectorFileSchema } from "./schema.js";
import { parseText } from "./text.js";

const whole = validator(Type.Unsafe<VectorFile>(vectorFileSchema));
const path = new URL("../../../vectors/vectors.schema.json", import.meta.url);

/**
 * Editors check vector files by this file; `BPFGATE_WRITE_SCHEMA=1 npx vitest run
 * harness/data/vectors/schema` writes it anew.
 */
it("vectors/vectors.schema.json is the schema of vector files", async () => {
	const document = {
		$schema: "http://json-schema.org/draft-07/schema#",
		title: "bpfgate packet vectors",
		...vectorFileSchema,
	};
	const text = `${JSON.stringify(document, null, "\t")}\n`;
	if (process.env.BPFGATE_WRITE_SCHEMA === "1") await writeFile(path, text);
	expect(JSON.parse(await readFile(path, "utf8"))).toEqual(JSON.parse(text));
});

/**
 * What is read is not checked by the part on layers, but by what builds them: the two must agree on
 * what is right.
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
