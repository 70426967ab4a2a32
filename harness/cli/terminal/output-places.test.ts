// SPDX-License-Identifier: Apache-2.0
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { outputs } from "../../report/outputs.js";
import { assertApart, assertNoInputs, type Destination, placesOf } from "./output-places.js";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-places-"));
	mkdirSync(join(folder, "pkg"));
	mkdirSync(join(folder, "out"));
	writeFileSync(join(folder, "pkg/bpfgate.json"), "{}");
	linkSync(join(folder, "pkg/bpfgate.json"), join(folder, "hard"));
	symlinkSync("pkg/bpfgate.json", join(folder, "soft"));
	symlinkSync("pkg", join(folder, "to-pkg"));
	symlinkSync("out", join(folder, "to-out"));
	symlinkSync("missing", join(folder, "dangling"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const to = (name: string, path: string): Destination => {
	const output = outputs.find((each) => each.name === name);
	if (!output) throw new Error(`there is no output ${name}`);
	return { output, path: path.startsWith("/dev/") ? path : join(folder, path), option: `--${name}` };
};

describe("outputs of one run", () => {
	it.each([
		["one name", "a.json", "a.json"],
		["another way of writing it", "a.json", "out/../a.json"],
		["a symbolic link to its folder", "out/a", "to-out/a"],
		["a symbolic link", "pkg/bpfgate.json", "soft"],
		["a hard link", "pkg/bpfgate.json", "hard"],
		["folders that are not there yet", "new/deep/a", "new/./deep/a"],
	])("are refused under %s", async (_, first, second) => {
		const twice = [to("json", first), to("junit", second)];
		await expect(assertApart(twice)).rejects.toThrow(
			`--junit: ${join(folder, second)} is already taken by --json`,
		);
	});

	it("are refused where a report writes", async () => {
		for (const path of ["out/results.json", "to-out/report.html"])
			await expect(assertApart([to("report", "out"), to("html", path)])).rejects.toThrow("by --report");
		await expect(assertApart([to("captures", "out/captures"), to("report", "out")])).rejects.toThrow();
		await expect(assertApart([to("report", "new"), to("json", "new/results.json")])).rejects.toThrow();
	});

	it("may lie beside each other, and in what keeps nothing", async () => {
		await assertApart([
			to("report", "out"),
			to("junit", "out/junit.xml"),
			to("captures", "out/failed"),
			to("json", "dangling"),
			to("tap", "/dev/null"),
			to("markdown", "/dev/null"),
			{ ...to("pretty", "-"), path: "-" },
		]);
	});
});

describe("inputs of a run", () => {
	const inputs = () =>
		placesOf([join(folder, "pkg"), join(folder, "pkg/bpfgate.json"), join(folder, "pkg/results.json")]);

	it.each(["pkg/bpfgate.json", "to-pkg/bpfgate.json", "soft", "hard"])(
		"are not overwritten by %s",
		async (path) => {
			await expect(assertNoInputs([to("json", path)], await inputs())).rejects.toThrow(
				`--json: ${join(folder, path)} would overwrite ${join(folder, "pkg/bpfgate.json")}, which this run reads`,
			);
		},
	);

	it("are not overwritten by what a report always writes", async () => {
		writeFileSync(join(folder, "pkg/results.json"), "");
		await expect(assertNoInputs([to("report", "to-pkg")], await inputs())).rejects.toThrow("--report: ");
	});

	it("may have outputs beside them", async () => {
		const beside = [to("json", "pkg/out.json"), to("captures", "pkg"), to("html", "out/bpfgate.json")];
		await assertNoInputs(beside, await inputs());
	});
});
