// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { UndecidedError } from "../../base/errors.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Diagnosis } from "./doctor/diagnosis.js";
import { diagnoseGuest } from "./doctor/guest.js";
import { describeDiagnoses } from "./doctor.js";

const medium = { width: 80, colour: false, unicode: true };
const kernel: Kernel = {
	id: "6.12",
	release: "6.12.1",
	arch: "x86_64",
	image: "",
	image_sha256: "",
	source: "",
};

describe("bpfgate doctor", () => {
	it("prints one line for what is there, and the reason and the fix for what is missing", () => {
		const diagnoses: Diagnosis[] = [
			{ name: "node", state: "ok", found: "20.19.0", why: "runs bpfgate", fix: [] },
			{
				name: "xz",
				state: "missing",
				found: "not on PATH",
				why: "unpacks",
				fix: ["apt-get install a", "dnf install b"],
			},
			{ name: "clang-19", state: "absent", found: "not on PATH", why: "compiles", fix: [] },
		];
		expect(describeDiagnoses(diagnoses, medium).split("\n")).toEqual([
			"ok       node      20.19.0",
			"missing  xz        not on PATH",
			"         unpacks",
			"         fix: apt-get install a   or: dnf install b",
			"absent   clang-19  not on PATH",
			"         compiles",
			"",
			"Fix this one first. No VM was booted.",
			"",
		]);
	});

	it("trusts a machine only after a guest ran, and ends that guest", async () => {
		let disposed = false;
		const [acceleration, guest] = await diagnoseGuest(kernel, {
			acceleration: async () => ({ accelerator: "tcg", why: "/dev/kvm cannot be opened (ENOENT)" }),
			boot: async () => ({
				dispose: async () => {
					disposed = true;
				},
				view: async () => ({ programs: [], maps: [], links: [] }),
			}),
		});
		expect(acceleration).toMatchObject({ state: "absent", found: "tcg: /dev/kvm cannot be opened (ENOENT)" });
		expect(guest).toMatchObject({
			state: "ok",
			found: expect.stringMatching(/^6\.12\.1 booted and answered after \d+\.\d s$/),
		});
		expect(disposed).toBe(true);
	});

	it.each([
		["host-view-refused", "missing"],
		["host-view-unavailable", "ok"],
	])("says when the memory of its guest cannot be read: %s", async (code, state) => {
		const tcg = { accelerator: "tcg", why: "it was asked for" } as const;
		const [, guest] = await diagnoseGuest(kernel, {
			acceleration: async () => tcg,
			boot: async () => ({
				dispose: async () => {},
				view: async () => {
					throw new UndecidedError(code, "permission denied", "allow it");
				},
			}),
		});
		expect(guest).toMatchObject(
			state === "ok" ? { state } : { state, found: "permission denied", fix: ["allow it"] },
		);
	});

	it("passes on why no guest came up", async () => {
		const [, guest] = await diagnoseGuest(kernel, {
			acceleration: async () => ({ accelerator: "kvm", why: "a guest ran" }),
			boot: async () => {
				throw new UndecidedError("boot-timeout", "6.12 did not come up", "look at its console");
			},
		});
		expect(guest).toMatchObject({
			state: "missing",
			found: "6.12 did not come up",
			fix: ["look at its console"],
		});
	});
});
