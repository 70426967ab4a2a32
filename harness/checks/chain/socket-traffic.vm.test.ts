// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Package } from "../../data/package/package.js";
import { type ChainHookFacts, chainHooks } from "../../data/package/sections/chain-hooks.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import type { ChainEntry } from "./chain-entry.js";
import { ChainPrograms } from "./chain-programs.js";
import { attachFlags, HookList } from "./hook-list.js";
import type { PacketTrace } from "./packet-trace.js";
import type { CgroupHook } from "./socket-calls.js";
import { SocketTraffic } from "./socket-traffic.js";
import { cgroupChain, cgroupPackage } from "./testcgroupchain.js";

const machines = new Machines({ agent: agentPath });
const inet = (call: string, host: string) => [
	`${call}(2) of a TCP socket to ${host}`,
	`${call}(2) of a UDP socket to ${host}`,
];
const packets = ["a UDP packet over IPv4", "a UDP packet over IPv6"];
const options = (call: string) =>
	["SO_RCVBUF", "IP_TOS", "TCP_NODELAY"].map((name) => `${call}(2) of ${name}`);
const hooks: [CgroupHook, string[]][] = [
	["cgroup_connect4", inet("connect", "127.0.0.1")],
	["cgroup_connect6", inet("connect", "::1")],
	["cgroup_bind4", inet("bind", "127.0.0.1")],
	["cgroup_bind6", inet("bind", "::1")],
	["cgroup_sendmsg4", ["sendmsg(2) of UDP to 127.0.0.1"]],
	["cgroup_sendmsg6", ["sendmsg(2) of UDP to ::1"]],
	["cgroup_skb_ingress", packets],
	["cgroup_skb_egress", packets],
	["cgroup_getsockopt", options("getsockopt")],
	["cgroup_setsockopt", options("setsockopt")],
];

describe.each(["5.10", "6.12", "7.3"])("traffic of sockets on %s", (id) => {
	let guest: Guest;
	let pkg: Package;
	let cgroup: { path: string; handle: number };
	let inner: string;

	beforeAll(async () => {
		const kernel = await openKernel(id);
		[pkg, guest] = [await cgroupPackage(), await machines.clone(kernel)];
		const { client } = guest;
		const { path } = await client.call("cgroup_add", { name: "outer" });
		cgroup = { path, handle: (await client.call("path_open", { path })).handle };
		inner = (await client.call("cgroup_add", { name: "outer/inner" })).path;
	});

	afterAll(() => guest.dispose());

	it.each(hooks)("meets the programs of %s, and reports whether they let it pass", async (hook, what) => {
		const chain = cgroupChain(pkg, hook, ["a", "no"]);
		const programs = await ChainPrograms.open(chain, guest, { recorded: true });
		const traffic = new SocketTraffic(programs, hook, inner);
		const { attachType }: ChainHookFacts = chainHooks[hook];
		const list = new HookList(guest, { attachType: attachType!, target: { handle: cgroup.handle } });
		const [a, no] = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
		const put = async (entry: ChainEntry) =>
			expect(await list.attach((await programs.get(entry)).held, { flags: attachFlags.multi })).toBe(0);
		const told = (traces: readonly PacketTrace[]) =>
			traces.map(({ what, met, passed, miscounted }) => ({
				...{ what, passed, miscounted },
				met: met.map(({ entry, verdict }) => `${entry.member.label.split("_").at(-1)} ${verdict}`),
			}));
		const expected = (met: string[], passed: boolean) =>
			what.map((each) => ({ what: each, passed, miscounted: undefined, met }));

		expect(told(await traffic.sample())).toEqual(expected([], true));
		for (const entry of [no!, a!]) await put(entry);
		const denied = await traffic.sample();
		expect(told(denied)).toEqual(expected(["no 0", "a 1"], false));
		const { held } = programs.loaded(no!);
		const flow = await traffic.flow(
			denied.findIndex(({ once }) => !once),
			300,
			[],
			1,
		);
		const met = new Set([...flow.met.values()].map((each) => each.map(({ entry }) => entry)));
		expect([flow.packets, flow.met.size, flow.unaccounted]).toEqual([300, 300, 0]);
		expect([...met].every((each) => each[0] === no && each[1] === a && each.length === 2)).toBe(true);
		expect(await list.detach(held)).toBe(0);
		expect(told(await traffic.sample())).toEqual(expected(["a 1"], true));
		await list.detach(programs.loaded(a!).held);
		await traffic.close();
		await programs.close();
	});

	it("is accounted for call by call while the list changes", async () => {
		const chain = cgroupChain(pkg, "cgroup_connect4", ["a", "b"]);
		const programs = await ChainPrograms.open(chain, guest, { recorded: true });
		const traffic = new SocketTraffic(programs, "cgroup_connect4", inner);
		const attachType = chainHooks.cgroup_connect4.attachType!;
		const list = new HookList(guest, { attachType, target: { handle: cgroup.handle } });
		const [a, b] = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
		const [first, second] = [(await programs.get(a!)).held, (await programs.get(b!)).held];
		const request = (args: unknown) => ({ op: "bpf", args });
		const multi = { flags: attachFlags.multi };
		const replace = { flags: attachFlags.multi | attachFlags.replace };

		expect(await list.attach(first, multi)).toBe(0);
		const swap = [
			request(list.attachRequest(second, { ...replace, replaced: first })),
			request(list.attachRequest(first, { ...replace, replaced: second })),
		];
		const whole = await traffic.flow(1, 2000, swap, 10);
		expect(whole.operations.map(({ errno }) => errno)).toEqual(Array(20).fill(0));
		expect(whole.packets).toBeGreaterThanOrEqual(2000);
		expect([whole.met.size, whole.unaccounted]).toEqual([whole.packets, 0]);
		const labels = [...whole.met.values()].map((met) => met.map(({ entry }) => entry.member.label).join());
		expect(new Set(labels)).toEqual(new Set(["connect4_a", "connect4_b"]));

		// Detaching and attaching again is not a replacement: calls in between meet no program.
		const gap = [request(list.detachRequest(first)), request(list.attachRequest(first, multi))];
		const holed = await traffic.flow(1, 2000, gap, 10);
		expect(holed.unaccounted).toBeGreaterThan(0);
		expect(holed.met.size + holed.unaccounted).toBe(holed.packets);
		expect(await list.detach(first)).toBe(0);
		await traffic.close();
		await programs.close();
	});

	it("of a process in another cgroup meets no program", async () => {
		const chain = cgroupChain(pkg, "cgroup_connect4", ["a"]);
		const programs = await ChainPrograms.open(chain, guest, { recorded: true });
		const [member] = chain.members;
		const { held } = await programs.get({ member: member!, program: "first" });
		const attachType = chainHooks.cgroup_connect4.attachType!;
		const list = new HookList(guest, { attachType, target: { handle: cgroup.handle } });
		await list.attach(held, { flags: attachFlags.multi });
		const { path } = await guest.client.call("cgroup_add", { name: "beside" });
		const outside = new SocketTraffic(programs, "cgroup_connect4", path);
		expect((await outside.sample()).map(({ met }) => met)).toEqual([[], []]);
		await list.detach(held);
		await outside.close();
		await programs.close();
	});
});
