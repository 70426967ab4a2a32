// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { openPackage } from "../../../data/package/package.js";
import { chainObject } from "../../../data/package/sections/testchain.js";
import { temporaryFolder } from "../../../data/package/testpackage.js";
import { settingsOf } from "./delegation.js";
import { likelyDelegation } from "./likely-delegation.js";

async function likely(section: string, maps: string[], entry: object = {}) {
	const manifest = { name: "x", version: "1", objects: [{ file: "x.bpf.o", ...entry }] };
	await using folder = await temporaryFolder({
		"bpfgate.json": JSON.stringify(manifest),
		"x.bpf.o": chainObject(["one", "two"], section, maps),
	});
	return settingsOf(likelyDelegation(await openPackage(folder.path)));
}

it("follows from program and map types, and from libbpf's probes", async () => {
	expect(await likely("xdp", ["counts", "next"])).toEqual({
		commands: ["map_create", "prog_load", "btf_load"],
		maps: ["array", "prog_array"],
		programs: ["socket_filter", "xdp"],
		attachments: ["cgroup_inet_ingress", "xdp"],
		capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
	});
});

it("leaves out cap_net_admin without networking, and programs that are not loaded", async () => {
	expect(await likely("raw_tp/sys_enter", [])).toMatchObject({
		programs: ["socket_filter", "raw_tracepoint"],
		attachments: ["cgroup_inet_ingress"],
		capabilities: ["cap_perfmon", "cap_bpf"],
	});
	const off = { programs: { one: { autoload: false }, two: { autoload: false } } };
	expect(await likely("xdp", [], off)).toMatchObject({
		programs: ["socket_filter"],
		capabilities: ["cap_perfmon", "cap_bpf"],
	});
});

it("has what libbpf needs to read the BTF of a program that is replaced or traced", async () => {
	const on = { programs: { one: { target: { object: "x.bpf.o", program: "two" } } } };
	expect(await likely("fentry/two", [], on)).toMatchObject({
		commands: ["map_create", "prog_load", "btf_load", "btf_get_fd_by_id"],
		attachments: ["cgroup_inet_ingress", "trace_fentry"],
		capabilities: ["cap_sys_admin", "cap_perfmon", "cap_bpf"],
	});
});
