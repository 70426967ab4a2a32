// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { failures, of, postOn, sabotaged } from "./testpost.js";

const arch = "x86_64";

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
		const found = await postOn("7.3", ["deny-hardened"], { parameters });
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
