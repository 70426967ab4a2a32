// SPDX-License-Identifier: Apache-2.0

import { UndecidedError } from "../../base/errors.js";
import {
	type ChainHookFacts,
	type ChainMechanism,
	chainHooks,
} from "../../data/package/sections/chain-hooks.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs } from "../../lab/subject/load/open-args.js";
import { mainFunction, openById, programTag } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import { arrivedRuns } from "./arrival.js";
import type { ChainEntry } from "./chain-entry.js";
import { DispatcherReader } from "./dispatcher/dispatcher-reader.js";
import { directionOf, type HookDevice, hookDevice, netkitDevice } from "./hook-device.js";
import { HookList } from "./hook-list.js";
import { clsactModules } from "./mechanisms/tc.js";
import { chainPackets } from "./model/chain-packets.js";
import type { DeclaredChain, DeclaredMember } from "./model/declared-chain.js";
import { byPacket, type MemberRun, OrderRecorder } from "./order-recorder.js";
import type { PacketTrace, Traffic } from "./packet-trace.js";

export interface Listed {
	program: number;
	/** The dispatcher's run_prio, the filter's pref; absent for mechanisms without priorities. */
	priority?: number;
}

/** Reads the programs on a device's hook, in the kernel's order. */
type Reader = (guest: Guest, device: HookDevice, chain: DeclaredChain) => Promise<Listed[]>;

const listOf: Reader = async (guest, { ifindex, netns }, { hook, mechanism }) => {
	const attachType = mechanism === "netkit" ? hook : `tcx_${directionOf(hook)}`;
	const at = { attachType, target: ifindex, ...(netns === undefined ? {} : { netns }) };
	return (await new HookList(guest, at).query()).listed;
};

const readers: Partial<Record<ChainMechanism, Reader>> = {
	dispatcher: async (guest, device) => {
		const slots = (await new DispatcherReader(guest, device).read())?.slots ?? [];
		return slots.flatMap(({ program, runPrio }) =>
			program === undefined ? [] : [{ program, priority: runPrio }],
		);
	},
	tc: async ({ client }, { ifindex, netns }, { hook }) => {
		const egress = directionOf(hook) === "egress";
		const at = { ifindex, egress, ...(netns === undefined ? {} : { netns }) };
		const { filters } = await client.call("tc_filters", at);
		return filters.flatMap(({ program, pref }) =>
			program === undefined ? [] : [{ program, priority: pref }],
		);
	},
	tcx: listOf,
	netkit: listOf,
};

const modules: Partial<Record<ChainMechanism, readonly string[]>> = { tc: clsactModules };

/** Mechanisms whose chains can be inspected when a loader builds them. */
export const followable: ReadonlySet<string> = new Set(Object.keys(readers));

/** A device for a chain that a loader builds. */
export async function deviceFor(chain: DeclaredChain, guest: Guest): Promise<HookDevice & { name: string }> {
	const { hook, mechanism } = chain;
	// A guest has no modprobe to load the modules that a loader needs.
	for (const name of modules[mechanism] ?? []) await guest.client.call("module_load", { name });
	if (hook === "netkit_primary" || hook === "netkit_peer") {
		const device = await netkitDevice(guest, hook === "netkit_primary" ? "primary" : "peer");
		return { ...device, name: "chain0" };
	}
	const device = await hookDevice(guest, directionOf(hook));
	const name = device.kind === "lo" ? "lo" : device.netns === undefined ? "chain0" : "chain1";
	return { ...device, name };
}

/** A program on the hook, of a member or not. */
export interface FoundEntry extends Listed {
	entry: ChainEntry;
	/** Its main function, whole; undefined without BTF. */
	name?: string;
	/** It has a member's name and other instructions: the tags of both. */
	impostor?: { tag: string; expected: string };
}

/** What members' programs are known by besides their names: the tags of their instructions. */
export type MemberTags = ReadonlyMap<DeclaredMember, string>;

/**
 * Loads the members' objects once, in a guest in which nothing of the package ran yet. A member
 * that does not load by itself has no tag.
 */
export async function memberTags({ members }: DeclaredChain, guest: Guest): Promise<MemberTags> {
	const { client, greeting } = guest;
	const tags = new Map<DeclaredMember, string>();
	for (const object of new Set(members.map((member) => member.object))) {
		const path = guestPath(object);
		await client.call("file_write", { path, data: object.loadable });
		const mine = members.filter((member) => member.object === object);
		const names = [...new Set(mine.map(({ program }) => program.name))];
		const { handle, loaded } = await loadObject(client, openArgs(object, greeting.cpus, new Map()), names);
		for (const member of mine) {
			const tag = loaded.get(member.program.name)?.info?.tag;
			if (tag !== undefined) tags.set(member, tag);
		}
		if (handle !== undefined) await client.call("object_close", { object: handle });
		await client.call("file_remove", { path });
	}
	return tags;
}

/** Tags of all programs of the guest by their ids: as the host sees them, where it can. */
async function tagsIn(guest: Guest): Promise<(program: number, handle: number) => Promise<string>> {
	const seen = await guest.view().catch((error: unknown) => {
		if (error instanceof UndecidedError && error.code === "host-view-unavailable") return undefined;
		throw error;
	});
	const known = new Map(seen?.programs.map(({ id, tag }) => [id, tag]));
	return async (program, handle) => known.get(program) ?? programTag(guest.client, { handle });
}

/**
 * Finds the members by the names of their main functions and the tags of their instructions, and
 * records the runs of each program.
 * @throws UndecidedError `recorder-refused`; `chain-unrecorded` when a program has no BTF
 */
export async function follow(
	chain: DeclaredChain,
	guest: Guest,
	device: HookDevice,
	tags: MemberTags,
): Promise<{ found: FoundEntry[]; traffic: Traffic }> {
	const read = readers[chain.mechanism];
	if (!read) throw new Error(`chains by ${chain.mechanism} cannot be inspected`);
	const recorder = await OrderRecorder.open(guest);
	const { programType }: ChainHookFacts = chainHooks[chain.hook];
	const missing = [...chain.members];
	const found: FoundEntry[] = [];
	const tagOf = await tagsIn(guest);
	for (const listed of await read(guest, device, chain)) {
		const handle = await openById(guest.client, "prog", listed.program);
		if (handle === undefined) continue;
		const name = await mainFunction(guest.client, handle);
		if (name === undefined) throw undecided("chain-unrecorded", { program: listed.program });
		const tag = await tagOf(listed.program, handle);
		const isNamed = ({ program }: DeclaredMember) => program.name === name;
		const at = missing.findIndex((each) => isNamed(each) && (tags.get(each) ?? tag) === tag);
		const expected = at < 0 ? missing.filter(isNamed).map((each) => tags.get(each))[0] : undefined;
		const [member] =
			at < 0
				? [{ ...chain.members[0]!, label: `${name} (program ${listed.program})` }]
				: missing.splice(at, 1);
		await recorder.member(found.length, { handle, function: name }, programType === "xdp" ? "xdp" : "skb");
		found.push({
			...{ ...listed, name, entry: { member: member!, program: "first" } },
			...(expected === undefined ? {} : { impostor: { tag, expected } }),
		});
	}
	const packets = chainPackets(chain);
	const sample = async (): Promise<PacketTrace[]> => {
		await recorder.read();
		await guest.client.call("packet_send", { ...device.sender, frames: packets.map(({ frame }) => frame) });
		const isAll = (runs: readonly MemberRun[]) => byPacket(runs).size === packets.length;
		const met = byPacket(await arrivedRuns(recorder, await recorder.read(), isAll));
		const meeting = ({ member, retval }: MemberRun) => ({
			entry: found[member]!.entry,
			...(retval === undefined ? {} : { verdict: retval }),
		});
		return packets.map(({ what, meets }, number) => ({
			what,
			...(meets ? { meets } : {}),
			met: (met.get(number) ?? []).map(meeting),
		}));
	};
	return { found, traffic: { sample } };
}
