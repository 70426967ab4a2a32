// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import type { TSchema } from "@sinclair/typebox";
import { expect } from "vitest";

const checkout = new URL("../../../", import.meta.url);

/** Expects a schema file to be what the code checks by; `BPFGATE_WRITE_SCHEMA=1` writes it. */
export async function expectSchemaFile(file: string, title: string, schema: TSchema, packets?: string) {
	const { $id: _, ...rest } = { $id: "", ...schema };
	const definitions = packets === undefined ? {} : { definitions: { layers: { $ref: packets } } };
	const document = { $schema: "http://json-schema.org/draft-07/schema#", title, ...rest, ...definitions };
	const text = `${JSON.stringify(document, null, "\t")}\n`;
	const path = new URL(file, checkout);
	if (process.env.BPFGATE_WRITE_SCHEMA === "1") await writeFile(path, text);
	expect(JSON.parse(await readFile(path, "utf8"))).toEqual(JSON.parse(text));
}
