// SPDX-License-Identifier: Apache-2.0
import {
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Results } from "../../base/results.js";
import { documentOf } from "../../base/testresults.js";
import { readCapture } from "../../data/capture/capture.js";
import { writePcapng } from "../../data/capture/write.js";
import type { FolderOutput } from "../../report/output.js";
import { outputs } from "../../report/outputs.js";
import { failure } from "../../report/testpackets.js";
import { placesOf } from "./output-places.js";
import { writeFolder } from "./write-folder.js";

const captures = outputs.find(({ name }) => name === "captures") as FolderOutput;
const writeCaptures = (to: string, results: Results) => writeFolder(to, captures, results);
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-captures-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const files = () =>
	readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => !entry.isDirectory())
		.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
		.sort();
const passed = documentOf([failure("v/a", {}, { outcome: "pass" })]);

describe("writing captures", () => {
	it("writes a capture for each failure, and none for a run without", async () => {
		await writeCaptures(
			folder,
			documentOf([failure("v/a"), failure("v/b"), failure("v/a", {}, { kernel: "5.10" })]),
		);
		expect(files()).toEqual(["router/5.10/v/a.pcapng", "router/6.12/v/a.pcapng", "router/6.12/v/b.pcapng"]);
		const path = join(folder, "router/6.12/v/a.pcapng");
		expect(readCapture(path, readFileSync(path))).toHaveLength(3);
		await writeCaptures(join(folder, "none"), passed);
		expect(readdirSync(folder)).toEqual(["router"]);
	});

	it("neither overwrites nor removes an input of the run", async () => {
		await writeCaptures(folder, documentOf([failure("v/a"), failure("w/b")]));
		const input = join(folder, "router/6.12/v/a.pcapng");
		const inputs = await placesOf([input]);
		await expect(writeFolder(folder, captures, documentOf([failure("v/a")]), inputs)).rejects.toThrow(
			`${input}: is ${input}, which this run read; not overwritten`,
		);
		await writeFolder(folder, captures, passed, inputs);
		expect(files()).toEqual(["router/6.12/v/a.pcapng"]);
	});

	it("removes what an earlier run wrote, and the folders that this leaves empty", async () => {
		await writeCaptures(folder, documentOf([failure("v/a"), failure("w/b")]));
		await writeCaptures(folder, documentOf([failure("w/b"), failure("w/c")]));
		expect(files()).toEqual(["router/6.12/w/b.pcapng", "router/6.12/w/c.pcapng"]);
		expect(readdirSync(join(folder, "router/6.12"))).toEqual(["w"]);
		await writeCaptures(folder, passed);
		expect(readdirSync(folder)).toEqual([]);
	});

	it("keeps other files, captures of other tools, and its own captures that were copied elsewhere", async () => {
		await writeCaptures(folder, documentOf([failure("v/a")]));
		const written = join(folder, "router/6.12/v/a.pcapng");
		const kept = ["router/6.12/v/mine.pcapng", "router/notes.txt", "vectors/from-a-run.pcapng"];
		for (const name of kept) mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, "router/6.12/v/mine.pcapng"), writePcapng([]));
		writeFileSync(join(folder, "router/notes.txt"), "");
		copyFileSync(written, join(folder, "vectors/from-a-run.pcapng"));
		mkdirSync(join(folder, "empty"));
		await writeCaptures(folder, passed);
		expect(files()).toEqual(kept);
		expect(readdirSync(folder).sort()).toEqual(["empty", "router", "vectors"]);
	});

	it("follows no symbolic links", async () => {
		const other = mkdtempSync(join(tmpdir(), "bpfgate-other-"));
		try {
			await writeCaptures(other, documentOf([failure("v/a")]));
			symlinkSync(join(other, "router"), join(folder, "router"));
			await writeCaptures(folder, passed);
			expect(readdirSync(join(other, "router/6.12/v"))).toEqual(["a.pcapng"]);
		} finally {
			rmSync(other, { recursive: true });
		}
	});
});
