// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { manifestSchema } from "./manifest.js";

const path = new URL("../../../../programs/bpfgate.schema.json", import.meta.url);

/**
 * Editors check manifests by this file; `BPFGATE_WRITE_SCHEMA=1 npx vitest run manifest-schema`
 * writes it anew.
 */
it("programs/bpfgate.schema.json is the schema that manifests are checked by", async () => {
	const { $id: _, ...schema } = { $id: "", ...manifestSchema };
	const document = { $schema: "http://json-schema.org/draft-07/schema#", title: "bpfgate.json", ...schema };
	const text = `${JSON.stringify(document, null, "\t")}\n`;
	if (process.env.BPFGATE_WRITE_SCHEMA === "1") await writeFile(path, text);
	expect(JSON.parse(await readFile(path, "utf8"))).toEqual(JSON.parse(text));
});
