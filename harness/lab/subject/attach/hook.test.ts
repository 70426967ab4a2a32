// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { meaningOf, sectionRules } from "../../../data/package/elf/section.js";
import type { ProgramSettings } from "../../../data/package/manifest/manifest.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import { hookOf } from "./hook.js";

const hook = (section: string, settings?: ProgramSettings, ...shipped: string[]) => {
	const meaning = meaningOf(section);
	const program = { name: "p", section, insns: 2, offset: 0, ...(meaning ? { meaning } : {}) };
	const binaries = shipped.map((path) => ({ path, bytes: new Uint8Array() }));
	return hookOf(program as ProgramFacts, settings, binaries);
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
		["iter/bpf_map", "iterator"],
		["iter.s/task", "iterator"],
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

	it.each([
		["iter/bpf_map_elem", { map: "m" }, "attach.map"],
		["iter/sockmap", { map: "m" }, "attach.map"],
		["iter.s/cgroup", { order: "self_only" as const }, "attach.order"],
	])("%s needs %o of the manifest", (section, attach, key) => {
		expect(hook(section)).toMatchObject({ by: "guest", hint: expect.stringContaining(key) });
		expect(hook(section, { attach: { hook: "auto" } })).toMatchObject({ by: "guest" });
		expect(hook(section, { attach: { hook: "auto", ...attach } })).toEqual({ hook: "iterator" });
		expect(hook(section, { attach: { hook: "none" } })).toMatchObject({ by: "manifest" });
	});

	it("names the binary that the guest lacks, and what to do", () => {
		expect(hook("uretprobe.s//bin/sh:main")).toMatchObject({
			none: "/bin/sh is not in the guest",
			hint: expect.stringMatching(
				/^add .* "to": "\/bin\/sh", or test .* on a machine that has \/bin\/sh with the function$/,
			),
		});
		expect(hook("usdt/sh:a:b")).toMatchObject({
			hint: expect.stringMatching(/"to": "\/usr\/bin\/sh", .* USDT probe/),
		});
		expect(hook("uprobe/libc.so.6:malloc")).toMatchObject({
			hint: expect.stringContaining('"to": "/usr/lib/libc.so.6"'),
		});
		expect(hook("uprobe//init:main")).toMatchObject({ none: "/init is bpfgate's own" });
		for (const section of ["uprobe//proc/self/exe:main", "usdt/./demo:a:b"])
			expect(hook(section)).toMatchObject({ hint: expect.stringMatching(/^name a binary of the package/) });
		expect(hook("uprobe/no_binary", { attach: { hook: "auto", symbol: "f" } })).toMatchObject({
			none: "its section and its manifest do not name a binary and a function of it",
		});
	});

	it.each([
		["uprobe//usr/bin/sh:main", "/usr/bin/sh"],
		["uprobe/sh:main", "/usr/sbin/sh"],
		["usdt/libc.so.6:libc:setjmp", "/lib/x86_64-linux-gnu/libc.so.6"],
		["uprobe//opt/app.apk!/lib/libx.so:f", "/opt/app.apk"],
	])("%s is attached where the package ships %s", (section, path) => {
		expect(hook(section, undefined, path)).toEqual({ hook: "auto" });
		expect(hook(section, undefined, "/opt/other")).toMatchObject({ by: "guest" });
	});

	it("attaches to the binary that the manifest names", () => {
		const attach = { hook: "auto", binary: "/opt/sh", symbol: "main" } as const;
		expect(hook("uprobe", { attach }, "/opt/sh")).toEqual({ hook: "auto" });
		expect(hook("uprobe//bin/other:f", { attach }, "/opt/sh")).toEqual({ hook: "auto" });
		expect(hook("usdt", { attach }, "/opt/sh")).toMatchObject({ by: "guest" });
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
