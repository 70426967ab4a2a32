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
import { documentOf } from "../../base/testresults.js";
import { readCapture } from "../../data/capture/capture.js";
import { writePcapng } from "../../data/capture/write.js";
import { failure } from "../../report/testpackets.js";
import { writeCaptures } from "./captures.js";

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

describe("writeCaptures", () => {
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

	it("takes away what an earlier run wrote, with the folders it was in", async () => {
		await writeCaptures(folder, documentOf([failure("v/a"), failure("w/b")]));
		await writeCaptures(folder, documentOf([failure("w/b"), failure("w/c")]));
		expect(files()).toEqual(["router/6.12/w/b.pcapng", "router/6.12/w/c.pcapng"]);
		expect(readdirSync(join(folder, "router/6.12"))).toEqual(["w"]);
		await writeCaptures(folder, passed);
		expect(readdirSync(folder)).toEqual([]);
	});

	it("leaves what is not of a run: other files, captures of others, and its own that were put elsewhere", async () => {
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

	it("follows no links on its way", async () => {
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
