// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { Finding } from "../../check.js";
import type { GatekeeperName } from "./artifacts.js";
import { promisesOf } from "./cases.js";
import { postOn, sabotaged } from "./testpost.js";

const arch = "x86_64";

const failures = (found: Map<string, Finding>) =>
	[...found].filter(([, { outcome }]) => outcome === "fail").map(([name]) => name);
/** Cases of a gatekeeper in which the attack got through, which it never promised to stop. */
const open = (found: Map<string, Finding>, name: GatekeeperName) =>
	[...found]
		.filter(([each, { evidence }]) => each.startsWith(`${name}/`) && evidence.stopped === false)
		.map(([each]) => each.slice(name.length + 1))
		.sort();
const of = (found: Map<string, Finding>, name: string) => {
	const finding = found.get(name);
	if (!finding) throw new Error(`nothing was found of ${name}`);
	return finding;
};

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

describe("sabotage turns cases red", () => {
	it("when the gatekeeper is disabled", async () => {
		const text = "return deny ? -EPERM : 0;";
		await using copy = await sabotaged(arch, "decision.h", text, "return 0;");
		const signature = await postOn("7.3", ["signature"], copy);
		expect(failures(signature)).toEqual([
			"signature/unsigned-load",
			"signature/forked-load",
			"signature/unlisted-key",
			"signature/session-keyring",
			"signature/link-detach",
		]);
		expect(failures(await postOn("6.1", ["deny"], copy))).toEqual([
			"deny/unsigned-load",
			"deny/unsigned-map",
			"deny/forked-load",
			"deny/load-by-program",
			"deny/link-detach",
		]);
	});

	it("when the kernel was booted without the BPF LSM", async () => {
		const parameters = ["lsm=landlock,lockdown,yama"];
		for (const id of ["6.1", "7.3"]) {
			const found = await postOn(id, ["deny-hardened"], { parameters });
			expect(failures(found)).toEqual([
				"deny-hardened/unsigned-load",
				"deny-hardened/unsigned-map",
				"deny-hardened/forked-load",
				"deny-hardened/load-by-program",
				"deny-hardened/attached-after",
				"deny-hardened/link-detach",
				"deny-hardened/unpin",
				"deny-hardened/trusted-memory",
				"deny-hardened/holder-ends",
			]);
			expect(of(found, "deny-hardened/unsigned-load").reason).toMatchObject({
				code: "bpf-lsm-inactive",
				hint: expect.stringContaining("lsm="),
			});
		}
	});

	it("when the look at the verdict is inverted in a copy", async () => {
		const text = "decision->verdict != 1";
		await using copy = await sabotaged(arch, "gatekeeper-signature.bpf.c", text, "decision->verdict == 1");
		const found = failures(await postOn("7.3", ["signature"], copy));
		expect(found).toContain("signature/listed-key");
		expect(found).toContain("signature/admits-package");
	});

	it("when the keyring is not looked at in a copy", async () => {
		const text = "keyring != KEYRING_USER ||";
		await using copy = await sabotaged(
			arch,
			"gatekeeper-signature.bpf.c",
			text,
			"keyring == KEYRING_USER ||",
		);
		expect(failures(await postOn("6.18", ["signature"], copy))).toEqual([
			"signature/unlisted-key",
			"signature/session-keyring",
		]);
	});

	it("when signatures of executables are not looked at in a copy", async () => {
		const text = "return error ? -EPERM : 0;";
		await using copy = await sabotaged(arch, "gatekeeper-loader.bpf.c", text, "return error ? 0 : 0;");
		expect(failures(await postOn("7.3", ["loader"], copy))).toEqual(["loader/foreign-signature"]);
	});

	it("when a hardened one does not keep its pins in a copy", async () => {
		const text = "settings.pins_dev && dir->i_sb->s_dev == settings.pins_dev ? -EPERM : 0";
		await using copy = await sabotaged(arch, "self.h", text, "0");
		const found = failures(await postOn("7.3", ["signature-hardened"], copy));
		expect(found).toContain("signature-hardened/unpin");
	});

	it("when the package's signatures do not count: it is not let in", async () => {
		const text = "is_listed(decision->keyring_serial)";
		await using copy = await sabotaged(arch, "gatekeeper-signature.bpf.c", text, "is_listed(0)");
		const found = await postOn("7.2", ["signature"], copy);
		expect(of(found, "signature/admits-package")).toMatchObject({
			outcome: "fail",
			reason: { code: "gatekeeper-fails" },
		});
	});
});
