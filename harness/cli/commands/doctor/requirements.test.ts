// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { diagnoseRequirements } from "./requirements.js";

describe("requirements", () => {
	const folder = mkdtempSync(join(tmpdir(), "bpfgate-doctor-"));
	afterAll(() => rmSync(folder, { recursive: true }));

	it("that are not met are missing for a purpose in need, else absent", async () => {
		const file = join(folder, "requirements.txt");
		writeFileSync(
			file,
			[
				"run | command:sh | a | d | shells",
				"run | command:bg-none | b | e f | whatever",
				`pull | file:${folder}/no/* | c | g | files`,
			].join("\n"),
		);
		expect(await diagnoseRequirements(new Set(["run"]), [file])).toEqual([
			{ name: "sh", state: "ok", found: expect.stringMatching(/\/sh$/), why: "shells", fix: [] },
			{
				name: "bg-none",
				state: "missing",
				found: "not on PATH",
				why: "whatever",
				fix: ["apt-get install b", "dnf install e f"],
			},
			expect.objectContaining({ name: `${folder}/no/*`, state: "absent", found: "no such file" }),
		]);
	});

	it("are the same for ci/setup, which installs what doctor does not find", async () => {
		const env = { PATH: "/usr/bin:/bin", CLANG: "/no/clang", MKE2FS: "/no/mke2fs" };
		const found = await diagnoseRequirements(new Set(["run", "pull", "agent", "examples"]), [], env);
		const packages = found.flatMap(({ state, fix }) =>
			state === "ok" ? [] : (fix[0]?.split(" ").slice(2) ?? []),
		);
		const missing = fileURLToPath(new URL("../../../../ci/missing", import.meta.url));
		const { stdout } = execaSync(missing, ["apt"], { env, extendEnv: false });
		expect(packages).toContain("clang-19");
		expect(packages).toContain("e2fsprogs");
		expect([...new Set(packages)].sort()).toEqual(stdout.split(" "));
	});
});
