// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { vectorFileSchema } from "./schema.js";

const path = new URL("../../vectors/vectors.schema.json", import.meta.url);

/** Editors check vector files by this file; `BPFGATE_WRITE_SCHEMA=1 npx vitest run harness/vectors/schema` writes it anew. */
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
