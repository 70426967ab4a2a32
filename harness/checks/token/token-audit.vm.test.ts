// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage } from "../../data/package/package.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { abilities } from "./model/abilities.js";
import { delegationOf, everything } from "./model/delegation.js";
import { PackageTrials } from "./package-trials.js";
import { auditDelegation } from "./token-audit.js";

type Bench = Awaited<ReturnType<typeof testbench>>;
const tracing = delegationOf({
	commands: ["prog_load", "map_create", "link_create"],
	maps: ["ringbuf", "sockmap"],
	programs: ["kprobe", "tracing"],
	attachments: ["cgroup_inet_ingress", "trace_fentry"],
	capabilities: ["cap_bpf", "cap_perfmon"],
});

describe.each(["6.12", "7.3"])("what a delegation allows on %s", (id) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench(id);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	it("is exactly what is delegated and the capabilities permit", async () => {
		const before = await bench.inventory();
		const { admitted, unasked, tried } = await auditDelegation(tracing, bench.workbench);
		expect(Object.fromEntries(admitted!.programs)).toEqual({
			kprobe: ["cgroup_inet_ingress"],
			tracing: ["trace_fentry"],
		});
		// A sockmap needs cap_net_admin.
		expect(admitted!.maps).toEqual(["ringbuf"]);
		expect(admitted!.commands).toEqual(["map_create", "prog_load"]);
		expect(admitted!.readsKernel).toEqual(["kprobe"]);
		expect(admitted!.writesUser).toEqual([]);
		expect(unasked).toEqual(["link_create"]);
		expect(tried).toBeGreaterThan(80);
		expect(await bench.inventory()).toEqual(before);
	});

	it("includes nearly all types and harmful helpers where everything is delegated", async () => {
		const { admitted } = await auditDelegation(everything, bench.workbench);
		for (const type of ["xdp", "kprobe", "lsm", "struct_ops", "syscall", "ext"])
			expect([...admitted!.programs.keys()]).toContain(type);
		for (const map of ["hash", "sockmap", "ringbuf", "arena", "array_of_maps", "task_storage", "struct_ops"])
			expect(admitted!.maps).toContain(map);
		expect(admitted!.commands).toContain("btf_load");
		expect(admitted!.commands.includes("btf_get_fd_by_id")).toBe(id === "7.3");
		expect(admitted!.readsKernel).toContain("xdp");
		// The capability is needed in the user namespace on 7.3, in the initial one on 6.12.
		expect(admitted!.writesUser.includes("kprobe")).toBe(id === "7.3");
		expect(abilities(admitted!).map(({ sentence }) => sentence)).toContainEqual(
			expect.stringMatching(/^reads all kernel memory/),
		);
	});

	it("is nothing without a capability, or without a delegation", async () => {
		const idle = { ...tracing, capabilities: [] };
		expect(await auditDelegation(idle, bench.workbench)).toMatchObject({
			reason: { message: expect.stringMatching(/does not hold cap_bpf/) },
		});
		expect(await auditDelegation(delegationOf({ capabilities: ["cap_bpf"] }), bench.workbench)).toMatchObject(
			{
				reason: { message: expect.stringMatching(/nothing is delegated/) },
			},
		);
	});
});

it("programs loaded with a token attach without one, but for kprobes and tracepoints", async () => {
	await using bench = await testbench("7.3");
	const trials = await PackageTrials.open(await openPackage("programs/every-hook"), bench.workbench);
	try {
		const { use, ungrantable } = await trials.widest();
		expect([...ungrantable.keys()]).toEqual([]);
		expect(
			[...use.notAttached.keys()].filter((name) => !/kprobe|kretprobe|on_tracepoint/.test(name)),
		).toEqual([]);
		expect(use.notAttached.get("on_tracepoint")).toMatch(/EACCES$/);
		for (const name of ["on_xdp", "on_raw_tracepoint", "on_fentry", "on_lsm", "on_connect4", "on_netfilter"])
			expect(use.attached).toContain(name);
	} finally {
		await trials.close();
	}
});

it("a kernel without tokens allows nothing, and says why", async () => {
	await using bench = await testbench("6.1");
	expect(await auditDelegation(tracing, bench.workbench)).toMatchObject({
		reason: { code: "feature-unsupported" },
	});
});
