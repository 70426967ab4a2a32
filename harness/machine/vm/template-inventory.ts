// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { replaceFile } from "../../base/host-files.js";
import { validator } from "../../base/validate.js";
import type { GuestClient } from "../guest/client.js";
import { type Inventory, operations } from "../guest/operations.js";

const inventories = validator(operations.inventory.result);

/**
 * What each clone of a template has before anything ran in it. The first clone is asked; the answer
 * is kept in `file`, beside the template.
 */
export async function templateInventory(file: string, client: GuestClient): Promise<Inventory> {
	const kept = await read(file);
	if (kept) return kept;
	const inventory = await client.call("inventory", {});
	await replaceFile(file, `${JSON.stringify(inventory)}\n`);
	return inventory;
}

/** Undefined if it is missing or invalid. */
async function read(file: string): Promise<Inventory | undefined> {
	try {
		const found: unknown = JSON.parse(await readFile(file, "utf8"));
		return inventories.accepts(found) ? found : undefined;
	} catch {
		return undefined;
	}
}
