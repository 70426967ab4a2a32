// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { meaningOf } from "../data/package/elf/section.js";
import type { Package } from "../data/package/package.js";
import { undecided } from "../data/reasons/registry/registry.js";
import type { KernelFunctions } from "../machine/features/functions.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { kernelNameOf, kernelNamesOf, withModules } from "./guest-modules.js";

function nameOf(section: string, settings = {}): string | undefined {
	const meaning = meaningOf(section);
	const object = { settings: { file: "x", programs: { p: settings } } };
	return kernelNameOf(object, { name: "p", ...(meaning ? { meaning } : {}) });
}

it.each([
	["fentry/br_forward", "br_forward"],
	["fexit/nf_tables:nft_do_chain", "module:nf_tables"],
	["kprobe/br_forward+0x8", "br_forward"],
	["kprobe.multi/br_*", undefined],
	["tp_btf/br_fdb_add", "tp:br_fdb_add"],
	["raw_tp/br_fdb_add", "tp:br_fdb_add"],
	["tp/bridge/br_fdb_add", "tp:br_fdb_add"],
	["tp/syscalls/sys_enter_openat", undefined],
	["iter/netlink", "bpf_iter_netlink"],
	["uprobe/libc.so.6:malloc", undefined],
	["lsm/file_open", undefined],
	["xdp", undefined],
	["nothing", undefined],
])("%s needs %s of the kernel", (section, name) => {
	expect(nameOf(section)).toBe(name);
});

it("the manifest's target counts more than the section's", () => {
	expect(nameOf("fentry/br_forward", { target: { function: "br_deliver" } })).toBe("br_deliver");
	expect(nameOf("fentry/f", { target: { program: "p", function: "f" } })).toBeUndefined();
	expect(nameOf("kprobe", { attach: { hook: "auto", symbol: "br_deliver" } })).toBe("br_deliver");
});

describe("modules for a package", () => {
	const kernel = { id: "7.3" } as Kernel;
	const program = { name: "p", section: "fentry/br_forward", meaning: meaningOf("fentry/br_forward") };
	const object = {
		...{ programs: [program], maps: [], settings: { file: "x" } },
		externs: [
			{ name: "bpf_ct_release", kind: "kfunc", weak: false },
			{ name: "bpf_maybe", kind: "kfunc", weak: true },
		],
	};
	const pkg = { manifest: { guest: { modules: ["stp"] } }, objects: [object] } as unknown as Package;
	const functions = {
		absent: async (_: Kernel, names: string[]) => names.filter((name) => name !== "bpf_ct_release"),
		modulesOf: async () => new Map([["br_forward", "bridge"]]),
		files: async (_: Kernel, names: string[]) => names.map((name) => ({ name, file: `/${name}.ko` })),
	} as unknown as KernelFunctions;

	it("are those that have what the kernel lacks, and those that are named", async () => {
		expect(kernelNamesOf(pkg.objects[0]!)).toEqual(["bpf_ct_release", "br_forward"]);
		expect((await withModules(kernel, [pkg], ["veth"], functions)).guest?.modules).toEqual([
			{ name: "veth", file: "/veth.ko" },
			{ name: "stp", file: "/stp.ko" },
			{ name: "bridge", file: "/bridge.ko", has: ["br_forward"] },
		]);
	});

	it("that have a name which no module has are not loaded, and the name is kept", async () => {
		const none = {
			...functions,
			modulesOf: async () => new Map(),
			files: async () => [],
		} as unknown as KernelFunctions;
		expect((await withModules(kernel, [pkg], [], none)).guest).toEqual({ lacking: ["br_forward"] });
	});

	it("are not looked for where nothing is needed", async () => {
		const plain = { manifest: {}, objects: [] } as unknown as Package;
		expect(await withModules(kernel, [plain], [], functions)).toBe(kernel);
	});

	it("that cannot be had are no reason to stop", async () => {
		const gone = {
			...functions,
			absent: async () => {
				throw undecided("modules-not-here", { kernel: "7.3", why: "they are gone" });
			},
		} as unknown as KernelFunctions;
		expect((await withModules(kernel, [pkg], [], gone)).guest?.unsearched).toContain("they are gone");
	});
});
