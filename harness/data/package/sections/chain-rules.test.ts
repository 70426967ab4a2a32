// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { marker } from "../../packet/numbered.js";
import { parseManifest } from "../manifest/load-manifest.js";
import { sampleManifest } from "../testpackage.js";
import type { Chain, ChainMember } from "./chain.js";
import { chainHooks, chainMechanisms, mechanismFacts } from "./chain-hooks.js";
import { possibleMechanisms } from "./chain-rules.js";

const members = (...names: string[]): ChainMember[] => names.map((program) => ({ program }));
const parse = (...chains: unknown[]) =>
	parseManifest("bpfgate.json", new Uint8Array(Buffer.from(JSON.stringify({ ...sampleManifest, chains }))));
const xdp: Chain = { name: "front", hook: "xdp", members: members("a", "b", "c") };
const root_program = { program: "root", map: "first" };

describe("takes", () => {
	it.each<[string, Partial<Chain>]>([
		["a chain by its order alone", {}],
		[
			"priorities and verdicts of the dispatcher, the same run_prio for two names",
			{
				mechanism: "dispatcher",
				members: [
					{ program: "a", priority: 10, proceed_on: ["XDP_PASS", "XDP_TX"] },
					{ program: { package: "other", version: "1.2", program: "b" }, priority: 10 },
				],
			},
		],
		[
			"priorities that turn the list round: whether that is the order, a kernel will say",
			{ members: members("a", "b").map((member, index) => ({ ...member, priority: 9 - index })) },
		],
		[
			"tail calls, the last by seq_id without a map of its own",
			{
				root_program,
				members: [
					{ program: "a", priority: 2 },
					{ program: "b", priority: 1, next: "b_next" },
				],
			},
		],
		[
			"the same pref for two filters",
			{ hook: "tc_ingress", members: members("a", "b").map((member) => ({ ...member, priority: 1 })) },
		],
		[
			"cgroups on one path",
			{
				hook: "cgroup_connect4",
				members: [
					{ program: "a", cgroup: "pod/task" },
					{ program: "b", cgroup: "pod" },
					{ program: "c", preorder: true },
				],
			},
		],
		[
			"a program of the same name from two packages",
			{ members: [{ program: "a" }, { program: { package: "o", program: "a" } }] },
		],
		[
			"packets as layers and as bytes, and whom they meet",
			{
				packets: [
					{ packet: { layers: [{ eth: {} }, { ipv4: { ttl: 1 } }, { udp: {} }] }, meets: ["a"] },
					{
						name: "junk",
						packet: { hex: "00".repeat(14) },
						meets: ["a", { program: { program: "b" }, verdict: "XDP_DROP" }],
					},
				],
			},
		],
		[
			"packets on netkit",
			{ hook: "netkit_primary", packets: [{ packet: { layers: [{ eth: {} }, { ipv6: {} }] } }] },
		],
	])("%s", (_, change) => {
		const chain = { ...xdp, ...change };
		expect(parse(chain).chains).toEqual([chain]);
	});
});

describe("refuses", () => {
	const many = (count: number) => members(...Array.from({ length: count }, (_, index) => `p${index}`));
	it.each<[string, object, string]>([
		["an unknown hook", { hook: "moon" }, '/chains/0/hook: must be "xdp" or "tc_ingress"'],
		["an unknown key", { prio: 1 }, '/chains/0: unknown key "prio"'],
		["no members", { members: [] }, "/chains/0/members: must not be empty"],
		[
			"a member without a program",
			{ members: [{ priority: 1 }] },
			'/chains/0/members/0: key "program" is missing',
		],
		[
			"an unknown key of a reference",
			{ members: [{ program: { program: "a", pkg: "x" } }] },
			'/chains/0/members/0/program: unknown key "pkg"',
		],
		[
			"a version of no package",
			{ members: [{ program: { program: "a", version: "1" } }] },
			"/chains/0/members/0/program/version: is the version of no package: none is named",
		],
		[
			"a mechanism of another hook",
			{ mechanism: "tcx" },
			"/chains/0/mechanism: tcx makes no chain on xdp; dispatcher, tail_call do",
		],
		[
			"a root program where there are no tail calls",
			{ mechanism: "dispatcher", root_program },
			"/chains/0/root_program: is for tail calls; dispatcher has no root program",
		],
		[
			"a root program on a cgroup",
			{ hook: "cgroup_bind4", root_program },
			"/chains/0/root_program: is for tail calls, which make no chain on cgroup_bind4",
		],
		[
			"tail calls without a root program",
			{ mechanism: "tail_call" },
			'/chains/0: key "root_program" is missing, which tail calls need',
		],
		[
			"a member that has no map for the one after it",
			{ root_program, members: [{ program: "a" }, { program: "b", next: "x" }] },
			'/chains/0/members/0: key "next" is missing: its prog_array, for the member after it',
		],
		[
			"a seq_id that two have",
			{
				root_program,
				members: [
					{ program: "a", priority: 1, next: "x" },
					{ program: "b", priority: 1 },
				],
			},
			"/chains/0/members/1/priority: 1 is the seq_id of /members/0 already",
		],
		[
			"a run_prio that two programs of one name have",
			{
				members: [
					{ program: "a", priority: 5 },
					{ program: { package: "o", program: "a" }, priority: 5 },
				],
			},
			"/chains/0/members/1/priority: 5 is the run_prio of /members/0 too, a program of the same name: libxdp would order them by their code",
		],
		[
			"priorities of some only",
			{ members: [{ program: "a" }, { program: "b", priority: 5 }] },
			"/chains/0/members/0: has no priority, though /members/1 has one: all or none",
		],
		[
			"a priority where there is none",
			{ hook: "tcx_egress", members: [{ program: "a", priority: 5 }] },
			"/chains/0/members/0/priority: means nothing to tcx: the order is that of the list of members",
		],
		[
			"a pref of more than 16 bits",
			{ hook: "tc_egress", members: [{ program: "a", priority: 65536 }] },
			"/chains/0/members/0/priority: is a pref, from 1 to 65535",
		],
		[
			"a verdict that the kernel has fixed",
			{ hook: "netkit_peer", members: [{ program: "a", proceed_on: ["NETKIT_PASS"] }] },
			"/chains/0/members/0/proceed_on: is not ours to say: the kernel has fixed who goes on with netkit",
		],
		[
			"a map of its own without tail calls",
			{ members: [{ program: "a", next: "x" }] },
			"/chains/0/members/0/next: is for tail calls",
		],
		[
			"a cgroup of an XDP program",
			{ members: [{ program: "a", preorder: true }] },
			"/chains/0/members/0/preorder: is for chains on cgroups",
		],
		[
			"cgroups on two branches",
			{
				hook: "cgroup_connect6",
				members: [
					{ program: "a", cgroup: "pod" },
					{ program: "b", cgroup: "podium" },
				],
			},
			'/chains/0/members/0/cgroup: "pod" is not on the way to "podium"',
		],
		[
			"a cgroup with a name that is too long",
			{ members: [{ program: "a", cgroup: "a".repeat(161) }] },
			"/chains/0/members/0/cgroup: must NOT have more than 160 characters",
		],
		[
			"a cgroup outside",
			{ members: [{ program: "a", cgroup: "../x" }] },
			"/chains/0/members/0/cgroup: must match",
		],
		[
			"a program twice",
			{ members: members("a", "b", "a") },
			'/chains/0/members/2/program: "a" is /members/0 already',
		],
		[
			"an 11th program for the dispatcher",
			{ members: many(11) },
			"/chains/0/members: are 11, more than the 10 that dispatcher takes",
		],
		[
			"a 34th tail call",
			{ root_program, members: many(34).map((member) => ({ ...member, next: "n" })) },
			"/chains/0/members: are 34, more than the 33 that tail_call takes",
		],
		[
			"a 64th tcx program",
			{ hook: "tcx_ingress", members: many(64) },
			"/chains/0/members: are 64, more than the 63 that tcx takes",
		],
		[
			"contents of maps beside a loader",
			{
				loader: { command: ["x"] },
				members: [{ program: "a" }, { program: "b", maps_before: { m: { 0: 1 } } }],
			},
			"/chains/0/members/1/maps_before: cannot be set: the chain's own loader fills the maps",
		],
		[
			"a loader's file outside",
			{ loader: { command: ["x"], files: ["../x"] } },
			'/chains/0/loader/files/0: "../x" leads out of the package',
		],
		[
			"a loader's file among the signatures",
			{ loader: { command: ["x"], files: ["signatures/x"] } },
			'/chains/0/loader/files/0: "signatures/x" stands in signatures/',
		],
		[
			"packets on a hook without packets",
			{ hook: "cgroup_connect4", packets: [{ packet: { layers: [{ eth: {} }] } }] },
			"/chains/0/packets: cannot be sent through cgroup_connect4: bpfgate makes calls on sockets there",
		],
		[
			"a packet that is not said",
			{ packets: [{ packet: {} }] },
			"/chains/0/packets/0/packet: must have exactly one of layers and hex",
		],
		[
			"a packet that is said twice",
			{ packets: [{ packet: { layers: [{ eth: {} }], hex: "00".repeat(14) } }] },
			"/chains/0/packets/0/packet: must have exactly one of layers and hex",
		],
		[
			"a field that does not fit",
			{ packets: [{ packet: { layers: [{ eth: {} }, { ipv4: { ttl: 300 } }] } }] },
			"/chains/0/packets/0/packet/layers/1/ipv4/ttl: 300 does not fit into 8 bits",
		],
		["invalid bytes", { packets: [{ packet: { hex: "0" } }] }, "/chains/0/packets/0/packet/hex: must match"],
		[
			"a packet without Ethernet",
			{ packets: [{ packet: { layers: [{ ipv4: {} }] } }] },
			"/chains/0/packets/0/packet: begins with ipv4; packets of a chain begin with eth",
		],
		[
			"a packet that is too short",
			{ packets: [{ packet: { hex: "00" } }] },
			"/chains/0/packets/0/packet: has 1 bytes, less than the 14 of an Ethernet header",
		],
		[
			"a packet that no device takes",
			{ packets: [{ packet: { layers: [{ eth: {} }, { payload: { length: 1501 } }] } }] },
			"/chains/0/packets/0/packet: has 1515 bytes, more than the 1514 that a device takes",
		],
		[
			"a packet without Ethernet on netkit",
			{ hook: "netkit_peer", packets: [{ packet: { layers: [{ ipv4: {} }] } }] },
			"/chains/0/packets/0/packet: begins with ipv4; packets of a chain begin with eth",
		],
		[
			"bytes that bpfgate would read as its own",
			{ packets: [{ packet: { hex: `${"00".repeat(14)}${marker.toString("hex")}` } }] },
			"/chains/0/packets/0/packet: has bytes in it with which bpfgate numbers its packets",
		],
		[
			"a packet without room for its number",
			{ packets: [{ packet: { layers: [{ eth: {} }, ...Array(10).fill({ ipv4: {} })] } }] },
			"/chains/0/packets/0/packet: has 214 bytes, and no payload among the first 192",
		],
		[
			"a name that two packets have",
			{ packets: [1, 2].map(() => ({ name: "x", packet: { hex: "00".repeat(14) } })) },
			"/chains/0/packets/1/name: is the name of /packets/0 already",
		],
		[
			"a version of no package that a packet meets",
			{
				packets: [{ packet: { hex: "00".repeat(14) }, meets: [{ program: { version: "1", program: "a" } }] }],
			},
			"/chains/0/packets/0/meets/0/program/version: is the version of no package: none is named",
		],
		[
			"a packet that meets no one",
			{ packets: [{ packet: {}, meets: [] }] },
			"/chains/0/packets/0/meets: must not be empty",
		],
	])("%s", (_, change, message) => {
		expect(() => parse({ ...xdp, ...change })).toThrow(`bpfgate.json: ${message}`);
	});

	it("a name that two have", () => {
		expect(() => parse(xdp, xdp)).toThrow("bpfgate.json: /chains/1/name: is the name of /chains/0 already");
	});
});

it.each<[string, Partial<Chain>, string[]]>([
	["xdp", {}, ["dispatcher"]],
	["xdp with a root", { root_program }, ["tail_call"]],
	["tc", { hook: "tc_ingress" }, ["tcx", "tc"]],
	["tc with priorities", { hook: "tc_ingress", members: [{ program: "a", priority: 1 }] }, ["tc"]],
	["tc as named", { hook: "tc_ingress", mechanism: "tc" }, ["tc"]],
	["tcx", { hook: "tcx_egress" }, ["tcx"]],
	["netkit", { hook: "netkit_primary" }, ["netkit"]],
	["a cgroup", { hook: "cgroup_setsockopt" }, ["cgroup"]],
])("on %s possible: %j %j", (_, change, mechanisms) => {
	expect(possibleMechanisms({ ...xdp, ...change })).toEqual(mechanisms);
});

it("has a hook for every mechanism and a limit that the schema lets through", () => {
	const used = new Set(Object.values(chainHooks).flatMap(({ mechanisms }) => [...mechanisms]));
	expect([...used].sort()).toEqual([...chainMechanisms].sort());
	for (const { maxMembers } of Object.values(mechanismFacts)) expect(maxMembers).toBeLessThanOrEqual(64);
});
