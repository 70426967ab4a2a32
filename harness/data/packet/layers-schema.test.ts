// SPDX-License-Identifier: Apache-2.0
import { it } from "vitest";
import { LayersSchema } from "./layers.js";
import { expectSchemaFile } from "./testschema.js";

it("vectors/packets.schema.json is the schema of layers; the other schemas refer to it", () =>
	expectSchemaFile("vectors/packets.schema.json", "bpfgate packets", LayersSchema));
