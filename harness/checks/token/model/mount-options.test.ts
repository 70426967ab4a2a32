// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { type Delegation, delegationOf, everything } from "./delegation.js";
import { mountMasks, mountOptions, parseMountOptions, printMountOptions } from "./mount-options.js";

const parse = (text: string) => parseMountOptions("options", text);
const delegated = ({ capabilities: _, ...rest }: Delegation) => ({ ...rest, capabilities: [] });

describe("mount options of bpffs", () => {
	it.each([
		[{}, ""],
		[
			{ commands: ["map_create", "prog_load"], programs: ["xdp"] },
			"delegate_cmds=map_create:prog_load,delegate_progs=xdp",
		],
		[{ maps: ["any"], attachments: ["tcx_ingress"] }, "delegate_maps=any,delegate_attachs=tcx_ingress"],
		[{ capabilities: ["cap_bpf"] }, ""],
	])("%j is %s", (settings, text) => {
		const delegation = delegationOf(settings);
		expect(printMountOptions(delegation)).toBe(text);
		expect(parse(text)).toEqual(delegated(delegation));
	});

	it("are passed to fsconfig(2) one by one", () => {
		expect(mountOptions(everything)).toEqual({
			delegate_cmds: "any",
			delegate_maps: "any",
			delegate_progs: "any",
			delegate_attachs: "any",
		});
	});

	it.each([
		["rw,relatime,gid=1000,mode=770,delegate_progs=kprobe", ["kprobe"]],
		["delegate_progs=KProbe:xdp", ["kprobe", "xdp"]],
		["delegate_progs=0x44", ["kprobe", "xdp"]],
		["delegate_progs=6", ["socket_filter", "kprobe"]],
		["delegate_progs=xdp:0x2", ["socket_filter"]],
		["delegate_progs=0xffffffffffffffff", ["any"]],
		["delegate_progs=xdp:any", ["any"]],
	])("%s", (text, programs) => {
		expect(parse(text).programs).toEqual(programs);
	});

	it("are written as bit masks as well, and parsed from them", () => {
		const delegation = delegationOf({
			programs: ["kprobe", "xdp"],
			maps: ["any"],
			attachments: ["netkit_peer"],
		});
		const masks = mountMasks(delegation);
		expect(masks).toEqual({
			delegate_maps: "0xffffffffffffffff",
			delegate_progs: "0x44",
			delegate_attachs: "0x80000000000000",
		});
		const text = Object.entries(masks).map((option) => option.join("="));
		expect(parse(text.join())).toEqual(delegation);
	});

	it("takes the kernel's aliases", () => {
		expect(parse("delegate_maps=cgroup_storage_deprecated").maps).toEqual(["cgroup_storage"]);
		expect(parse("delegate_cmds=prog_run").commands).toEqual(["prog_test_run"]);
	});

	it.each([
		["delegate_progs=xpd", /"xpd" is not a program type/],
		["delegate_progs=", /"" is not a program type/],
		["delegate_progs=ringbuf", /it is one of maps/],
		["delegate_prog=xdp", /delegate_prog: is not a bpffs mount option/],
		["delegate_progs=0x8000000000000", /has bits above 32/],
	])("refuses %s", (text, reason) => {
		expect(() => parse(text)).toThrow(reason);
	});
});
