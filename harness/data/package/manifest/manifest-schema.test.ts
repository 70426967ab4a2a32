// SPDX-License-Identifier: Apache-2.0
import { it } from "vitest";
import { expectSchemaFile } from "../../packet/testschema.js";
import { Manifest } from "./manifest.js";

it("programs/bpfgate.schema.json is the schema of manifests", () =>
	expectSchemaFile(
		"programs/bpfgate.schema.json",
		"bpfgate.json",
		Manifest,
		"../vectors/packets.schema.json",
	));
