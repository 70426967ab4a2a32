// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { compareFeatures } from "./compare.js";
import type { Features } from "./features.js";
import { type Known, missing } from "./missing.js";
import { FeatureOptions, optionsOf, readFeatureOptions } from "./options.js";

const options = await readFeatureOptions();

const features: Features = {
	format: "bpfgate/features",
	version: 1,
	kernel: { id: "6.1", release: "6.1.0-test", arch: "x86_64", image_sha256: "0".repeat(64) },
	program_types: {
		xdp: "yes",
		lsm: "off",
		lirc_mode2: "off",
		netfilter: "no",
		tracing: "yes",
		ext: "unknown",
	},
	map_types: { ringbuf: "yes", arena: "no", xskmap: "off" },
	attach_types: { xdp: "yes", tcx_ingress: "no", lsm_mac: "yes" },
	link_types: { xdp: "yes", tcx: "no" },
	helpers: {
		known: ["bpf_loop", "bpf_xdp_load_bytes", "bpf_skb_load_bytes"],
		by_program_type: { xdp: ["bpf_loop", "bpf_xdp_load_bytes"] },
	},
	kfuncs: { told: true, names: ["bpf_task_acquire"], functions: [] },
	btf: { vmlinux: true, modules: ["veth"] },
	token: { create: false, mount_options: [] },
	signature: { attributes: false, covers: "nothing", verdict_recorded: false, exclusive_maps: false },
	lsms: ["capability", "yama"],
	modules: { told: true, loadable: ["veth"], shipped: ["veth", "xfrm_user"], builtin: ["ext4"] },
	config: {},
	settings: {},
};
const config = new Map([
	["BPF_LSM", "y"],
	["BPF_JIT", "y"],
	["DEBUG_INFO_BTF", "n"],
	["XDP_SOCKETS", "n"],
	["NET_ACT_BPF", "n"],
	["SECURITY_LANDLOCK", "n"],
	["NF_CONNTRACK", "n"],
	["BPF_SYSCALL", "y"],
]);
const known: Known = { features, config, options };
const state = (requirement: string, other: Partial<Known> = {}) =>
	missing({ ...known, ...other }, requirement)?.state ?? "here";

it.each([
	["program_type:xdp", "here"],
	["program_type:netfilter", "unsupported"],
	["program_type:lsm", "disabled"],
	["program_type:lirc_mode2", "disabled"],
	["map_type:ringbuf", "here"],
	["map_type:arena", "unsupported"],
	["map_type:xskmap", "disabled"],
	["attach_type:xdp", "here"],
	["attach_type:tcx_ingress", "unsupported"],
	["link_type:tcx", "unsupported"],
	["helper:bpf_loop", "here"],
	["helper:bpf_newer", "unsupported"],
	["helper:xdp/bpf_xdp_load_bytes", "here"],
	["helper:xdp/bpf_skb_load_bytes", "unsupported"],
	["helper:netfilter/bpf_loop", "unsupported"],
	["kfunc:bpf_task_acquire", "here"],
	["kfunc:bpf_task_vanish", "unsupported"],
	["kfunc:bpf_skb_ct_lookup", "unsupported"],
	["lsm:yama", "here"],
	["lsm:bpf", "disabled"],
	["lsm:landlock", "disabled"],
	["lsm:unheard_of", "unsupported"],
	["config:BPF_LSM", "here"],
	["config:CONFIG_BPF_LSM", "here"],
	["config:XDP_SOCKETS", "disabled"],
	["config:NOT_INVENTED", "unsupported"],
	["module:veth", "here"],
	["module:ext4", "here"],
	["module:xfrm_user", "module-absent"],
	["module:act_bpf", "disabled"],
	["module:unheard_of", "unsupported"],
	["btf:vmlinux", "here"],
	["btf:veth", "here"],
	["btf:ext4", "here"],
	["btf:unheard_of", "unsupported"],
])("%s: %s", (requirement, expected) => {
	expect(state(requirement)).toBe(expected);
});

it("names the kernel, the feature and the option in one sentence", () => {
	expect(missing(known, "map_type:xskmap")).toEqual({
		state: "disabled",
		message: "kernel 6.1 was built without CONFIG_XDP_SOCKETS, which map_type:xskmap needs",
		hint: "test on a kernel built with CONFIG_XDP_SOCKETS, and document that the package needs it",
		needs: "CONFIG_XDP_SOCKETS",
	});
	expect(missing(known, "config:XDP_SOCKETS")?.message).toBe(
		"kernel 6.1 was built without CONFIG_XDP_SOCKETS",
	);
	expect(missing(known, "helper:xdp/bpf_skb_load_bytes")?.message).toBe(
		"kernel 6.1 (6.1.0-test) lets no program of type xdp call bpf_skb_load_bytes",
	);
	expect(missing(known, "lsm:bpf")?.hint).toBe("boot it with lsm=...,bpf");
});

describe("what cannot be decided", () => {
	it("is not reported as missing", () => {
		expect(() => missing(known, "program_type:ext")).toThrow(/does not say whether it has program_type:ext/);
		expect(() => missing(known, "helper:tracing/bpf_loop")).toThrow(/which helpers/);
		expect(() => missing({ ...known, config: undefined }, "config:BPF_LSM")).toThrow(
			/whether it was built with CONFIG_BPF_LSM/,
		);
	});

	it("leaves kfuncs without a mark in BTF to the load", () => {
		const unmarked = { ...features, kfuncs: { told: false, names: [], functions: ["bpf_task_acquire"] } };
		expect(state("kfunc:bpf_task_acquire", { features: unmarked })).toBe("here");
		expect(state("kfunc:crash_kexec", { features: unmarked })).toBe("here");
		expect(state("kfunc:bpf_task_vanish", { features: unmarked })).toBe("unsupported");
		const blind = { ...unmarked, btf: { vmlinux: false, modules: [] } };
		expect(() => state("kfunc:bpf_task_acquire", { features: blind })).toThrow(/no BTF/);
	});

	it("distinguishes modules that are not in the store from those the kernel lacks", () => {
		const bare = { ...features, modules: { told: false, loadable: [], shipped: [], builtin: [] } };
		expect(state("module:veth", { features: bare, config: undefined })).toBe("module-absent");
		expect(state("kfunc:bpf_skb_ct_lookup", { features: bare, config: undefined })).toBe("module-absent");
	});
});

it("refuses an unknown feature", () => {
	expect(() => missing(known, "colour:red")).toThrow("is an unknown feature");
	expect(() => missing(known, "helper:loop")).toThrow("is not a helper's name");
});

describe("the table of options", () => {
	it("uses the first entry that matches", () => {
		expect(optionsOf(options, "program_type:lwt_seg6local")?.config).toEqual(["IPV6_SEG6_BPF"]);
		expect(optionsOf(options, "program_type:lwt_in")?.config).toEqual(["LWTUNNEL_BPF"]);
		expect(optionsOf(options, "kfunc:bpf_xdp_ct_lookup")?.module).toBe("nf_conntrack");
		expect(optionsOf(options, "colour:red")).toBeUndefined();
	});

	it("publishes the schema that the program uses", async () => {
		const path = new URL("../../../kernels/features.schema.json", import.meta.url);
		expect(JSON.parse(await readFile(path, "utf8"))).toEqual(JSON.parse(JSON.stringify(FeatureOptions)));
	});
});

describe("compareFeatures", () => {
	const newer: Features = {
		...features,
		kernel: { ...features.kernel, id: "7.3", release: "7.3-test" },
		map_types: { ringbuf: "yes", arena: "yes", xskmap: "yes" },
		signature: { ...features.signature, covers: "instructions-and-maps" },
	};

	it("shows kernels side by side without equal rows", () => {
		const rows = compareFeatures([features, newer], true);
		const row = (name: string) => rows.find((each) => each.name === name)?.cells;
		expect(row("release")).toEqual(["6.1.0-test", "7.3-test"]);
		expect(row("map_type:arena")).toEqual(["-", "yes"]);
		expect(row("map_type:xskmap")).toEqual(["off", "yes"]);
		expect(row("map_type:ringbuf")).toBeUndefined();
		expect(row("signature covers")).toEqual(["nothing", "instructions-and-maps"]);
		expect(row("helpers of xdp")).toEqual(["2", "2"]);
	});

	it("shows everything of one kernel", () => {
		const rows = compareFeatures([features], false);
		expect(rows.find((each) => each.name === "module:veth")?.cells).toEqual(["yes"]);
		expect(rows.find((each) => each.name === "kfunc:bpf_task_acquire")?.cells).toEqual(["yes"]);
	});
});
