// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CaseResult, Results } from "../../../base/results.js";
import { explorationOf, saveFinds } from "./exploration.js";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-finds-"));
	vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
	rmSync(folder, { recursive: true });
	vi.restoreAllMocks();
});

const find = (kernel: string, name: string): CaseResult => ({
	package: "p",
	kernel,
	check: "vectors",
	case: "explore/it/0123",
	outcome: "fail",
	duration_ms: 0,
	evidence: { vector: { name, description: "found", program: "it", packet: { hex: "00" } } },
});
const results = (...list: CaseResult[]): Results => ({
	format: "bpfgate/results",
	version: 1,
	run: {
		id: "",
		started: "",
		finished: "",
		bpfgate: "0",
		accelerator: "tcg",
		qemu: "",
		jobs: 1,
		interrupted: false,
	},
	kernels: [],
	packages: [],
	results: list,
});

describe("--save-finds", () => {
	it("writes each find once, whatever the number of kernels", async () => {
		const saveTo = join(folder, "finds.yaml");
		await saveFinds(results(find("a", "one"), find("b", "one"), find("a", "two")), {
			seed: 9,
			saveFinds: saveTo,
		});
		expect(readFileSync(saveTo, "utf8")).toBe(
			[
				"description: Found by bpfgate test --explore, seed 9",
				"vectors:",
				...["one", "two"].flatMap((name) => [
					`  - name: ${name}`,
					"    description: found",
					"    program: it",
					"    packet:",
					'      hex: "00"',
				]),
				"",
			].join("\n"),
		);
	});

	it("leaves what is there when nothing is found", async () => {
		const saveTo = join(folder, "finds.yaml");
		writeFileSync(saveTo, "earlier");
		await saveFinds(results(), { seed: 1, saveFinds: saveTo });
		expect(readFileSync(saveTo, "utf8")).toBe("earlier");
		expect(process.stderr.write).toHaveBeenCalledWith(`${saveTo}: no finds, nothing written\n`);
	});

	it.each([
		[{ seed: 1, saveFinds: "finds.yaml" }, 1, "--save-finds: needs --explore"],
		[{ seed: 1, explore: 5, saveFinds: "finds.yaml" }, 2, "--save-finds: needs a single package"],
		[{ seed: 1, explore: 5, saveFinds: "finds.txt" }, 1, "finds.txt: needs a name that ends in .yaml"],
		[{ seed: 1, explore: 5, saveFinds: "/nowhere/finds.yaml" }, 1, "/nowhere: is not a folder"],
	])("%j with %i packages is refused", async (options, packages, message) => {
		await expect(explorationOf(options, packages)).rejects.toThrow(message);
	});

	it("is not needed", async () => {
		expect(await explorationOf({ seed: 3, explore: 5 }, 2)).toEqual({ mutants: 5, seed: 3 });
		expect(await explorationOf({ seed: 3 }, 2)).toBeUndefined();
	});
});
