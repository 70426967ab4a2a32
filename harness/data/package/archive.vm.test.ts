// SPDX-License-Identifier: Apache-2.0
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { isArchive, readArchive } from "./archive.js";
import { tarOf } from "./testpackage.js";

/** Boots nothing, but needs the commands that ci/setup installs. */
describe.each(["xz", "zstd"])("an archive compressed with %s", (command) => {
	const plain = tarOf([{ path: "a.o", data: new Uint8Array(200_000).fill(7) }]);
	const compress = async (): Promise<Uint8Array> =>
		(await execa(command, ["-c"], { input: plain, encoding: "buffer" })).stdout;

	it("is unpacked", async () => {
		const bytes = await compress();
		expect(isArchive(bytes)).toBe(true);
		expect((await readArchive("x.tar", bytes)).get("a.o")?.bytes).toEqual(new Uint8Array(200_000).fill(7));
	});

	it("is refused when it is damaged", async () => {
		const bytes = (await compress()).subarray(0, 40);
		await expect(readArchive("x.tar", bytes)).rejects.toThrow(`x.tar: is damaged ${command}`);
	});

	it("is refused when it unpacks to too much", async () => {
		await expect(readArchive("x.tar", await compress(), 100_000)).rejects.toThrow(
			"x.tar: unpacks to more than 100000 bytes",
		);
	});

	it("is undecided when the command is not installed", async () => {
		const bytes = await compress();
		const { PATH } = process.env;
		process.env.PATH = "/nonexistent";
		try {
			await expect(readArchive("x.tar", bytes)).rejects.toMatchObject({
				...{ name: "UndecidedError", code: "tool-missing", hint: `install ${command}` },
			});
		} finally {
			process.env.PATH = PATH;
		}
	});
});
