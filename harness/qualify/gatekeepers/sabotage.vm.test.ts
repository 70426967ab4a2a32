// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { askedAbout, brokenOf, sabotaged } from "./testgatekeepers.js";

const arch = "x86_64";

describe("a promise is broken", () => {
	it("when the gatekeeper is disabled", async () => {
		const text = "return deny ? -EPERM : 0;";
		await using copy = await sabotaged(arch, "decision.h", text, "return 0;");
		const signature = await askedAbout("7.3", ["signature"], copy);
		expect(brokenOf(signature)).toEqual([
			"signature/unsigned-load",
			"signature/forked-load",
			"signature/unlisted-key",
			"signature/session-keyring",
			"signature/link-detach",
		]);
		expect(brokenOf(await askedAbout("6.1", ["deny"], copy))).toEqual([
			"deny/unsigned-load",
			"deny/unsigned-map",
			"deny/forked-load",
			"deny/load-by-program",
			"deny/link-detach",
		]);
	});

	it("when the kernel was booted without the BPF LSM", async () => {
		const parameters = ["lsm=landlock,lockdown,yama"];
		const found = await askedAbout("7.3", ["deny-hardened"], { parameters });
		expect(brokenOf(found)).toEqual([
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
		expect(found.get("deny-hardened/unsigned-load")).toMatchObject({
			seen: expect.stringMatching(/^it does not: the kernel was booted without the BPF LSM \(active: .*yama/),
		});
	});

	it("when a copy inverts the test of the verdict", async () => {
		const text = "decision->verdict != 1";
		await using copy = await sabotaged(arch, "gatekeeper-signature.bpf.c", text, "decision->verdict == 1");
		const found = brokenOf(await askedAbout("7.3", ["signature"], copy));
		expect(found).toContain("signature/listed-key");
		expect(found).toContain("signature/admits-package");
	});

	it("when a copy does not check the keyring", async () => {
		const text = "keyring != KEYRING_USER ||";
		await using copy = await sabotaged(
			arch,
			"gatekeeper-signature.bpf.c",
			text,
			"keyring == KEYRING_USER ||",
		);
		expect(brokenOf(await askedAbout("6.18", ["signature"], copy))).toEqual([
			"signature/unlisted-key",
			"signature/session-keyring",
		]);
	});

	it("when a copy does not check signatures of executables", async () => {
		const text = "return error ? -EPERM : 0;";
		await using copy = await sabotaged(arch, "gatekeeper-loader.bpf.c", text, "return error ? 0 : 0;");
		expect(brokenOf(await askedAbout("7.3", ["loader"], copy))).toEqual(["loader/foreign-signature"]);
	});

	it("when a hardened copy does not protect its pins", async () => {
		const text = "settings.pins_dev && dir->i_sb->s_dev == settings.pins_dev ? -EPERM : 0";
		await using copy = await sabotaged(arch, "self.h", text, "0");
		const found = brokenOf(await askedAbout("7.3", ["signature-hardened"], copy));
		expect(found).toContain("signature-hardened/unpin");
	});

	it("when a copy does not admit the package's keyring", async () => {
		const text = "is_listed(decision->keyring_serial)";
		await using copy = await sabotaged(arch, "gatekeeper-signature.bpf.c", text, "is_listed(0)");
		const found = await askedAbout("7.2", ["signature"], copy);
		expect(found.get("signature/admits-package")?.kept).toBe(false);
	});
});
