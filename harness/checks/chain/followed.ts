// SPDX-License-Identifier: Apache-2.0

import { UndecidedError } from "../../base/errors.js";
import {
	type ChainHookFacts,
	type ChainMechanism,
	chainHooks,
} from "../../data/package/sections/chain-hooks.js";
import { mainFunction, openById } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import { arrivedRuns } from "./arrival.js";
import { directionOf, type HookDevice, hookDevice, netkitDevice } from "./devices.js";
import { DispatcherReader } from "./dispatcher/configured.js";
import { HookList } from "./hook-list.js";
import type { DeclaredChain } from "./model/declared.js";
import { chainPackets } from "./model/packets.js";
import type { Part } from "./part.js";
import { byPacket, type MemberRun, OrderRecorder } from "./recorder.js";
import type { Encounter, Traffic } from "./traffic.js";

/** A program on a hook. */
export interface Listed {
	/** Its id. */
	program: number;
	/** The dispatcher's run_prio, the filter's pref; absent where there is none. */
	priority?: number;
}

/** What stands on a device's hook, in the kernel's order. */
type Reader = (guest: Guest, device: HookDevice, chain: DeclaredChain) => Promise<Listed[]>;

/** Of an mprog list. */
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

const modules: Partial<Record<ChainMechanism, readonly string[]>> = { tc: ["sch_ingress", "cls_bpf"] };

/** Mechanisms whose chains can be followed when somebody else builds them. */
export const followable: ReadonlySet<string> = new Set(Object.keys(readers));

/** A device for a chain that somebody else is going to build on it. */
export async function deviceFor(chain: DeclaredChain, guest: Guest): Promise<HookDevice & { name: string }> {
	const { hook, mechanism } = chain;
	// A guest has no modprobe that would load what a loader needs.
	for (const name of modules[mechanism] ?? []) await guest.client.call("module_load", { name });
	if (hook === "netkit_primary" || hook === "netkit_peer") {
		const device = await netkitDevice(guest, hook === "netkit_primary" ? "primary" : "peer");
		return { ...device, name: "chain0" };
	}
	const device = await hookDevice(guest, directionOf(hook));
	const name = device.kind === "lo" ? "lo" : device.netns === undefined ? "chain0" : "chain1";
	return { ...device, name };
}

/** A member's program, or a stranger's, where it was found. */
export interface FoundPart extends Listed {
	part: Part;
	/** Its main function, whole; undefined of a program without BTF. */
	name?: string;
}

/**
 * Finds out which members stand on the hook, by the names of their main functions, and has each
 * program recorded.
 *
 * @throws UndecidedError `recorder-refused`; `chain-unrecorded` when a program has no BTF
 */
export async function follow(
	chain: DeclaredChain,
	guest: Guest,
	device: HookDevice,
): Promise<{ found: FoundPart[]; traffic: Traffic }> {
	const read = readers[chain.mechanism];
	if (!read) throw new Error(`nobody follows chains by ${chain.mechanism}`);
	const recorder = await OrderRecorder.open(guest);
	const { programType }: ChainHookFacts = chainHooks[chain.hook];
	const missing = [...chain.members];
	const found: FoundPart[] = [];
	for (const listed of await read(guest, device, chain)) {
		const handle = await openById(guest.client, "prog", listed.program);
		if (handle === undefined) continue;
		const name = await mainFunction(guest.client, handle);
		if (name === undefined)
			throw new UndecidedError(
				"chain-unrecorded",
				`the program ${listed.program} on the hook has no BTF, and so nobody can see when a packet meets it`,
				"have the loader keep the BTF of its objects",
			);
		const at = missing.findIndex(({ program }) => program.name === name);
		const [member] =
			at < 0
				? [{ ...chain.members[0]!, label: `${name} (program ${listed.program})` }]
				: missing.splice(at, 1);
		await recorder.member(found.length, { handle, function: name }, programType === "xdp" ? "xdp" : "skb");
		found.push({ ...listed, name, part: { member: member!, program: "first" } });
	}
	const packets = chainPackets(chain);
	const sample = async (): Promise<Encounter[]> => {
		await recorder.read();
		await guest.client.call("packet_send", { ...device.sender, frames: packets.map(({ frame }) => frame) });
		const isAll = (runs: readonly MemberRun[]) => byPacket(runs).size === packets.length;
		const met = byPacket(await arrivedRuns(recorder, await recorder.read(), isAll));
		const meeting = ({ member, retval }: MemberRun) => ({
			part: found[member]!.part,
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
