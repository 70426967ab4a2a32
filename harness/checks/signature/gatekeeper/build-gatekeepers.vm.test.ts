// SPDX-License-Identifier: Apache-2.0
import { readdir } from "node:fs/promises";
import { machine } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sha256File, withTemporaryFolder } from "../../../base/host-files.js";
import { buildGatekeepers } from "./build-gatekeepers.js";

it("makes the same bytes on each build", async () => {
	await withTemporaryFolder(async (work) => {
		const digests = async (folder: string) => {
			await buildGatekeepers(machine(), () => undefined, { folder });
			const files = (await readdir(folder)).sort();
			return Promise.all(files.map(async (file) => [file, await sha256File(join(folder, file))]));
		};
		const first = await digests(join(work, "first"));
		expect(first.map(([file]) => file)).toEqual(expect.arrayContaining(["intruder", "verity.ext4"]));
		expect(await digests(join(work, "second"))).toEqual(first);
	});
});
