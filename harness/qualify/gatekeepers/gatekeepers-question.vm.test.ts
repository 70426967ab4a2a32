// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { promisesOf } from "./gatekeeper-promises.js";
import { askedAbout, brokenOf, gapsOf } from "./testgatekeepers.js";

describe.each(["6.18", "7.3"])("gatekeepers of signatures on %s", (id) => {
	it("keep their promises, admit the stand-in package, and report what they do not stop", async () => {
		const found = await askedAbout(id, ["signature", "signature-hardened"]);
		expect(brokenOf(found)).toEqual([]);
		expect(found.size).toBe(promisesOf("signature").size + promisesOf("signature-hardened").size);
		expect(found.get("signature/admits-package")?.kept).toBe(true);
		expect(found.get("signature-hardened/admits-package")?.evidence).toMatchObject({
			verified_loads: 1,
			loads_by_loaders: 1,
		});
		expect(gapsOf(found, "signature")).toEqual([
			"attached-after",
			"attached-before",
			"holder-ends",
			"key-added",
			"load-by-program",
			"rewrite-settings",
		]);
		expect(gapsOf(found, "signature-hardened")).toEqual(["attached-before"]);
		expect(found.get("signature/load-by-program")?.weakness).toMatch(/bpf_sys_bpf/);
		expect(found.get("signature/attached-before")?.evidence.load_of_what_no_verifier_takes).toEqual({
			without_attacker: "EACCES",
			with: "0",
		});
	});
});

describe("gatekeepers of old kernels", () => {
	it("admit one process alone on 6.1", async () => {
		const found = await askedAbout("6.1", ["signature", "deny", "deny-hardened"]);
		expect(brokenOf(found)).toEqual([]);
		expect(found.get("signature/unsigned-load")?.lack).toMatch(/kernel 6.1 verifies no signatures/);
		expect(gapsOf(found, "deny")).toEqual([
			"attached-after",
			"attached-before",
			"holder-ends",
			"rewrite-settings",
			"trusted-memory",
		]);
		expect(gapsOf(found, "deny-hardened")).toEqual(["attached-before"]);
		expect(found.get("deny/attached-after")?.evidence.program).toBe("answer_first");
	});

	it("approve executables by fs-verity digest on 6.12", async () => {
		const found = await askedAbout("6.12", ["loader", "loader-hardened"]);
		expect(brokenOf(found)).toEqual([]);
		expect(found.get("loader/admits-package")?.kept).toBe(true);
		expect(gapsOf(found, "loader")).toEqual([
			"attached-after",
			"attached-before",
			"holder-ends",
			"key-added",
			"other-object",
			"rewrite-settings",
			"traced-loader",
		]);
		expect(gapsOf(found, "loader-hardened")).toEqual(["attached-before", "other-object"]);
	});

	it("are not tried where the kernel lacks what they need", async () => {
		const found = await askedAbout("6.1", ["loader"], { lacks: "kfunc:bpf_get_fsverity_digest" });
		expect(found.size).toBe(promisesOf("loader").size);
		for (const { kept, lack } of found.values())
			expect([kept, lack]).toEqual([undefined, "gatekeeper loader: it has no kfunc:bpf_get_fsverity_digest"]);
	});
});
