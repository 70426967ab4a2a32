// SPDX-License-Identifier: Apache-2.0

import { EOPNOTSUPP, errnoName } from "../../../base/errno.js";
import { UndecidedError } from "../../../base/errors.js";
import { mechanismFacts } from "../../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import { bpfObject } from "../../../machine/guest/bpf-object.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { arrivedRuns } from "../arrival.js";
import { hookDevice } from "../devices.js";
import { DispatcherChain, type DispatcherSite } from "../dispatcher/chain.js";
import { DispatcherReader } from "../dispatcher/configured.js";
import { Libxdp, type XdpDevice } from "../dispatcher/libxdp.js";
import type { Limit, Mechanism, Stage } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { chainPackets } from "../model/packets.js";
import { PacketTraffic, type Sender } from "../packet-traffic.js";
import type { Part } from "../part.js";
import { Parts } from "../parts.js";
import { byPacket } from "../recorder.js";
import { meetNeighbours, type Neighbourhood } from "./neighbours.js";
import { clsactList, tcxList } from "./other-lists.js";

const XDP_PASS = 2;
const extendedPath = "/run/bpfgate-extended.bpf.o";
const loopback = 1;

/**
 * libxdp's dispatcher: a program with ten functions, each of which a member takes the place of
 * (freplace). Any change builds another dispatcher and puts it in the place of the one before, in
 * one step. To replace a member is two changes: the new one comes in behind the old one, then the
 * old one goes.
 *
 * xdp-tools: lib/libxdp (libxdp.c, xdp-dispatcher.c.in), protocol.org. Kernel: kernel/bpf/syscall.c
 * (bpf_tracing_prog_attach), several targets for one program since 5.10.
 */
export const dispatcher: Mechanism = {
	name: "dispatcher",
	// A full one has no room for the new one beside the old one.
	replacesAtomically: ({ members }) => members.length < mechanismFacts.dispatcher.maxMembers,
	replacesThroughBoth: true,
	lack,
	open: openStage,
	survivors: (parts, lost) => parts.filter((part) => part !== lost),
};

/** libxdp itself is asked, with a program of bpfgate's on the loopback device. */
async function lack(chain: DeclaredChain, bench: Workbench): Promise<Lack | undefined> {
	const lacking = (await bench.lack("attach_type:xdp")) ?? (await bench.lack("btf:vmlinux"));
	if (lacking) return lacking;
	const site = await openSite(chain, await bench.guest(), { ifindex: loopback }, false);
	const probe: Part = { member: chain.members[0]!, program: { verdict: XDP_PASS } };
	try {
		const { id, held, path } = await site.parts.get(probe);
		const member = { id, runPrio: 1, proceed: new Set([XDP_PASS]), name: held.program, path };
		const { errno, said } = await site.libxdp.do({ do: "attach", members: [member] });
		if (errno === 0) {
			await site.libxdp.clear();
			return undefined;
		}
		const [why = errnoName(errno)] = said.split("\n").filter((line) => line !== "");
		if (errno !== EOPNOTSUPP)
			throw new UndecidedError(
				"libxdp-failed",
				`libxdp could not say whether kernel ${bench.kernel.id} takes a dispatcher: ${why} (${errnoName(errno)})`,
				"report it; the package is not to blame",
			);
		return {
			state: "unsupported",
			message: `libxdp cannot make a dispatcher on kernel ${bench.kernel.id}: ${why}`,
			hint: "ask for a newer kernel in kernels.requires, or give the chain a root_program",
		};
	} finally {
		await site.close();
	}
}

async function openStage(chain: DeclaredChain, guest: Guest): Promise<Stage> {
	const device = await hookDevice(guest, "ingress");
	const { ifindex, netns, sender } = device;
	const at: XdpDevice = { ifindex, ...(netns === undefined ? {} : { netns }) };
	const site = await openSite(chain, guest, at, true);
	const { parts } = site;
	const packets = chainPackets(chain);
	// The kernel counts no runs of programs that stand in the place of a function.
	const traffic = new PacketTraffic(parts, sender, packets, { counted: false });
	const around: Neighbourhood = {
		before: [],
		after: [tcxList(guest, device, "ingress"), clsactList(guest, device, "ingress")],
		passes: (verdict) => verdict === XDP_PASS,
	};
	return {
		traffic,
		build: (order, attaching) => DispatcherChain.build(site, order, attaching),
		limit: () => limit(chain, site, sender, packets[0]!.frame),
		neighbours: () =>
			meetNeighbours({ chain, parts, traffic }, around, (members) => DispatcherChain.build(site, members)),
		async close() {
			await traffic.close();
			await site.close();
			await device.close();
		},
	};
}

/**
 * Members are loaded as extensions of a program of bpfgate's, and put in the place of others'
 * functions later.
 */
async function openSite(
	chain: DeclaredChain,
	guest: Guest,
	device: XdpDevice,
	recorded: boolean,
): Promise<DispatcherSite & { close(): Promise<void> }> {
	const { client, kernel } = guest;
	const libxdp = await Libxdp.open(guest, device);
	await client.call("file_write", {
		path: extendedPath,
		data: await bpfObject(kernel.arch, "chain-stand-in"),
	});
	const program = "stand_in_xdp";
	const { object } = await client.call("object_open", {
		...{ path: extendedPath, programs: [{ name: program, autoload: true }] },
	});
	const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
	if (loaded.errno !== 0)
		throw new Error(`the kernel does not take bpfgate's own XDP program: ${errnoName(loaded.errno)}`);
	const parts = await Parts.open(chain, guest, {
		recorded,
		ringBytes: 16 << 20,
		extends: { object, program },
	});
	const close = async () => {
		await parts.close();
		await client.call("object_close", { object });
		await client.call("file_remove", { path: extendedPath });
		await libxdp.close();
	};
	return { guest, libxdp, parts, device, reader: new DispatcherReader(guest, device), close };
}

/** One program that goes on, in one slot after the other. */
async function limit(
	chain: DeclaredChain,
	site: DispatcherSite,
	sender: Sender,
	frame: Uint8Array,
): Promise<Limit> {
	const { guest, libxdp, parts } = site;
	const [member] = chain.members;
	const part: Part = { member: member!, program: { verdict: XDP_PASS } };
	const { id, held, path } = await parts.get(part);
	const proceed = new Set([XDP_PASS]);
	const one = { id, proceed, name: held.program, path };
	const promised = mechanismFacts.dispatcher.maxMembers;
	const slot = (runPrio: number) => ({ ...one, runPrio });
	try {
		const members = Array.from({ length: promised }, (_, place) => slot(place));
		const whole = await libxdp.do({ do: "add", members });
		const more = whole.errno === 0 ? await libxdp.do({ do: "add", members: [slot(promised)] }) : whole;
		const taken = (await site.reader.read())?.slots.length ?? 0;
		await parts.recorder.read();
		await guest.client.call("packet_send", { ...sender, frames: [frame] });
		const runs = await arrivedRuns(
			parts.recorder,
			await parts.recorder.read(),
			(all) => byPacket(all).size > 0,
		);
		const [met] = byPacket(runs).values();
		return { promised, taken, met: met?.length ?? 0, errno: more.errno };
	} finally {
		await libxdp.clear();
	}
}
