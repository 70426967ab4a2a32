// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { meaningOf, sectionRules } from "../../../data/package/elf/section.js";
import type { ProgramSettings } from "../../../data/package/manifest/manifest.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import { hookOf } from "./hook.js";

const hook = (section: string, settings?: ProgramSettings) => {
	const meaning = meaningOf(section);
	const program = { name: "p", section, insns: 2, offset: 0, ...(meaning ? { meaning } : {}) };
	return hookOf(program as ProgramFacts, settings);
};

describe("hookOf", () => {
	it.each([
		["socket", "socket"],
		["sk_reuseport/migrate", "reuseport"],
		["sk_skb", "sockmap"],
		["sk_msg", "sockmap"],
		["xdp/devmap", "devmap"],
		["xdp.frags/cpumap", "cpumap"],
		["perf_event", "perf_event"],
		["action", "action"],
		["lwt_seg6local", "route"],
		["tc/egress", "tc_egress"],
		["kprobe/vfs_read", "auto"],
	])("%s is attached to %s", (section, name) => {
		expect(hook(section)).toEqual({ hook: name });
	});

	it.each([
		["syscall", "nature"],
		["struct_ops/init", "nature"],
		["uprobe//bin/sh:main", "guest"],
		["usdt", "guest"],
		["lirc_mode2", "guest"],
		["kprobe", "guest"],
	])("%s is not attached, by %s", (section, by) => {
		expect(hook(section)).toMatchObject({ by });
	});

	it("names the binary that the guest lacks", () => {
		expect(hook("uretprobe.s//bin/sh:main")).toMatchObject({
			none: "/bin/sh is not in the guest",
			hint: expect.stringContaining("where /bin/sh, with the symbol, is installed"),
		});
		expect(hook("usdt//bin/sh:a:b")).toMatchObject({ hint: expect.stringContaining("with the USDT probe") });
	});

	it("believes the manifest", () => {
		expect(hook("socket", { attach: { hook: "none" } })).toMatchObject({ by: "manifest" });
		expect(hook("kprobe", { attach: { hook: "auto", symbol: "vfs_read" } })).toEqual({ hook: "auto" });
	});

	it("leaves no section without a hook or a reason", () => {
		for (const { section } of sectionRules) {
			const found = hook(section);
			expect("hook" in found || found.none, section).toBeTruthy();
		}
	});
});
