// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { delegationOf } from "./delegation.js";
import { parseDropIn, printDropIn, systemdName } from "./systemd-drop-in.js";

describe("a systemd drop-in", () => {
	const delegation = delegationOf({
		commands: ["map_create", "prog_load"],
		maps: ["lru_percpu_hash", "cgroup_storage"],
		programs: ["lwt_seg6local", "xdp"],
		attachments: ["any"],
		capabilities: ["cap_net_admin", "cap_bpf"],
	});

	it("uses the names of systemd", () => {
		const { text, unnamed } = printDropIn(delegation);
		expect(text.split("\n")).toEqual([
			"[Service]",
			"PrivateUsers=yes",
			"PrivateMounts=yes",
			"DelegateNamespaces=mnt",
			"PrivateBPF=yes",
			"BPFDelegateCommands=BPFMapCreate,BPFProgLoad",
			"BPFDelegateMaps=BPFMapTypeLruPercpuHash,BPFMapTypeCgroupStorageDeprecated",
			"BPFDelegatePrograms=BPFProgTypeXdp,BPFProgTypeLwtSeg6local",
			"BPFDelegateAttachments=any",
			"AmbientCapabilities=CAP_NET_ADMIN CAP_BPF",
			"",
		]);
		expect(unnamed).toEqual([]);
		expect(parseDropIn("x.conf", text)).toEqual(delegation);
	});

	it("lists grants that systemd has no name for", () => {
		const { text, unnamed } = printDropIn(delegationOf({ programs: ["syscall"] }));
		expect(unnamed).toEqual([{ kind: "programs", name: "syscall" }]);
		expect(text).toContain("# systemd 262 has no name for syscall of BPFDelegatePrograms=");
		expect(text).not.toContain("\nBPFDelegatePrograms");
		expect(systemdName("programs", "syscall")).toBeUndefined();
	});

	it("is read as systemd reads it: lines add up, an empty one resets", () => {
		const text =
			"BPFDelegatePrograms=BPFProgTypeXdp\nBPFDelegatePrograms=\n BPFDelegatePrograms = BPFProgTypeKprobe,BPFProgTypeExt\n";
		expect(parseDropIn("x.conf", `${text}BPFDelegatePrograms=BPFProgTypeTracing\n`).programs).toEqual([
			"kprobe",
			"tracing",
			"ext",
		]);
	});

	it("has continued lines, with comments between", () => {
		const text =
			"AmbientCapabilities=CAP_BPF \\\n# for tracing\n; too\n  CAP_PERFMON\nBPFDelegateMaps=BPFMapTypeHash\\\n";
		expect(parseDropIn("x.conf", text)).toMatchObject({
			capabilities: ["cap_perfmon", "cap_bpf"],
			maps: ["hash"],
		});
		expect(() => parseDropIn("x.conf", `${text}\nBPFDelegateMaps=x`)).toThrow(/line 7/);
	});

	it.each([
		["", /x\.conf: delegates nothing/],
		[
			"[Service]\nPrivateBPF=yes\nBPFDelegatePrograms=BPFProgTypeXdp\nBPFDelegatePrograms=\n",
			/delegates nothing/,
		],
		["\u0000\uFFFD[Service", /delegates nothing/],
		["#BPFDelegatePrograms=BPFProgTypeXdp", /delegates nothing/],
		["BPFDelegatePrograms=xdp", /line 1: systemd has no "xdp" among its names of programs/],
		["[Service]\nBPFDelegateMaps=BPFMapTypeFoo", /line 2/],
		["AmbientCapabilities=CAP_NOTHING", /among its names of capabilities/],
	])("refuses %j", (text, reason) => {
		expect(() => parseDropIn("x.conf", text)).toThrow(reason);
	});
});
