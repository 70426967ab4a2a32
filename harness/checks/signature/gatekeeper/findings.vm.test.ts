// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { Finding } from "../../../lab/check.js";
import type { GatekeeperName } from "./artifacts.js";
import { promisesOf } from "./cases.js";
import { failures, of, postOn } from "./testpost.js";

/** Cases of a gatekeeper in which the attack got through, which it never promised to stop. */
const open = (found: Map<string, Finding>, name: GatekeeperName) =>
	[...found]
		.filter(([each, { evidence }]) => each.startsWith(`${name}/`) && evidence.stopped === false)
		.map(([each]) => each.slice(name.length + 1))
		.sort();
describe.each(["6.18", "7.3"])("a gatekeeper of signatures on %s", (id) => {
	it("keeps what it promises, lets the package in, and says what it does not stop", async () => {
		const found = await postOn(id, ["signature", "signature-hardened"]);
		expect(failures(found)).toEqual([]);
		expect(found.size).toBe(promisesOf("signature").size + promisesOf("signature-hardened").size);
		expect(of(found, "signature/admits-package").outcome).toBe("pass");
		expect(of(found, "signature-hardened/admits-package").evidence).toMatchObject({
			verified_loads: 1,
			loads_by_loaders: 1,
		});
		expect(open(found, "signature")).toEqual([
			"attached-after",
			"attached-before",
			"holder-ends",
			"key-added",
			"load-by-program",
			"rewrite-settings",
		]);
		expect(open(found, "signature-hardened")).toEqual(["attached-before"]);
		expect(of(found, "signature/load-by-program").evidence.does_not_stop).toMatch(/bpf_sys_bpf/);
		expect(of(found, "signature/attached-before").evidence.load_of_what_no_verifier_takes).toEqual({
			without_attacker: "EACCES",
			with: "0",
		});

		// The attacks have nothing to do with the package: a second one is only let in.
		const again = await postOn(id, ["signature-hardened"]);
		expect([...again.keys()].sort()).toEqual(
			[...found.keys()].filter((name) => name.startsWith("signature-hardened/")).sort(),
		);
		expect(of(again, "signature-hardened/unpin").evidence.seen_with).toBe("xdp-filter");
		expect(of(again, "signature-hardened/admits-package")).toMatchObject({
			outcome: "pass",
			evidence: { verified_loads: 1 },
		});
	});
});

describe("gatekeepers of old kernels", () => {
	it("deny all but one process on 6.1", async () => {
		const found = await postOn("6.1", ["signature", "deny", "deny-hardened"]);
		expect(failures(found)).toEqual([]);
		expect(of(found, "signature/unsigned-load")).toMatchObject({
			outcome: "skip",
			reason: { code: "no-signatures" },
		});
		expect(open(found, "deny")).toEqual([
			"attached-after",
			"attached-before",
			"holder-ends",
			"rewrite-settings",
			"trusted-memory",
		]);
		expect(open(found, "deny-hardened")).toEqual(["attached-before"]);
		expect(of(found, "deny/attached-after").evidence.program).toBe("answer_first");
	});

	it("approve of executables by fs-verity digest on 6.12", async () => {
		const found = await postOn("6.12", ["loader", "loader-hardened"]);
		expect(failures(found)).toEqual([]);
		expect(of(found, "loader/admits-package").outcome).toBe("pass");
		expect(open(found, "loader")).toEqual([
			"attached-after",
			"attached-before",
			"holder-ends",
			"key-added",
			"other-object",
			"rewrite-settings",
			"traced-loader",
		]);
		expect(open(found, "loader-hardened")).toEqual(["attached-before", "other-object"]);
	});

	it("are skipped with the reason where the kernel lacks what they are made of", async () => {
		const found = await postOn("6.1", ["loader"], { lacks: "kfunc:bpf_get_fsverity_digest" });
		expect(found.size).toBe(promisesOf("loader").size);
		for (const { outcome, reason } of found.values())
			expect([outcome, reason?.message]).toEqual([
				"skip",
				"no gatekeeper loader: it has no kfunc:bpf_get_fsverity_digest",
			]);
	});
});
