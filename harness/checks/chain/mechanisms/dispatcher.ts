// SPDX-License-Identifier: Apache-2.0

import { EOPNOTSUPP, errnoName } from "../../../base/errno.js";
import { mechanismFacts } from "../../../data/package/sections/chain-hooks.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { ChainPrograms } from "../chain-programs.js";
import { DispatcherChain } from "../dispatcher/dispatcher-chain.js";
import { DispatcherReader } from "../dispatcher/dispatcher-reader.js";
import { Libxdp, type XdpDevice, type XdpMember } from "../dispatcher/libxdp.js";
import { hookDevice, onDevice } from "../hook-device.js";
import type { AttachPoint, Mechanism } from "../mechanism.js";
import { chainPackets } from "../model/chain-packets.js";
import type { DeclaredChain } from "../model/declared-chain.js";
import { PacketTraffic } from "../packet-traffic.js";
import { constantStandIn, loadOwn, writeOwn } from "../stand-in.js";

const XDP_PASS = 2;
const loopback = 1;

/**
 * libxdp's dispatcher: a program with ten functions, each of them replaced by a member (freplace).
 * Any change builds another dispatcher and attaches it in the place of the one before, in one step.
 * Replacing a member takes two changes: the new program is attached after the old one, then the old
 * one is detached.
 *
 * xdp-tools: lib/libxdp (libxdp.c, xdp-dispatcher.c.in), protocol.org. Kernel: kernel/bpf/syscall.c
 * (bpf_tracing_prog_attach), several targets for one program since 5.10.
 */
export const dispatcher: Mechanism = {
	name: "dispatcher",
	// A full dispatcher has no room for the new program beside the old one.
	replacesAtomically: ({ members }) => members.length < mechanismFacts.dispatcher.maxMembers,
	replacesInTwoSteps: true,
	lack: (_chain, bench) => dispatcherLack(bench),
	open,
};

/** Why the kernel cannot have a dispatcher; undefined when it can. */
export async function dispatcherLack(bench: Workbench): Promise<Lack | undefined> {
	const lacking = (await bench.lack("attach_type:xdp")) ?? (await bench.lack("btf:vmlinux"));
	return lacking ?? libxdpLack(await bench.guest(), bench.kernel);
}

/** Asks libxdp with a program on the loopback device. @throws UndecidedError `libxdp-failed` */
async function libxdpLack(guest: Guest, kernel: Kernel): Promise<Lack | undefined> {
	const { libxdp, member, close } = await openOwnDispatcher(guest, { ifindex: loopback });
	try {
		const { errno, said } = await libxdp.do({ do: "attach", members: [member] });
		if (errno === 0) {
			await libxdp.clear();
			return undefined;
		}
		const [why = errnoName(errno)] = said.split("\n").filter((line) => line !== "");
		if (errno !== EOPNOTSUPP)
			throw undecided("libxdp-failed", { kernel: kernel.id, why, errno: errnoName(errno) });
		return {
			state: "unsupported",
			message: `libxdp cannot build a dispatcher on kernel ${kernel.id}: ${why}`,
			hint: "require a newer kernel (kernels.requires), or give the chain a root_program",
		};
	} finally {
		await close();
	}
}

async function open(chain: DeclaredChain, guest: Guest): Promise<AttachPoint> {
	const hook = await hookDevice(guest, "ingress");
	const device = onDevice(hook);
	const libxdp = await Libxdp.open(guest, device);
	const target = await openTarget(guest);
	const programs = await ChainPrograms.open(chain, guest, {
		...{ recorded: true, ringBytes: 16 << 20, extends: target },
	});
	// The kernel does not count runs of programs that replace a function.
	const traffic = new PacketTraffic(programs, hook.sender, chainPackets(chain), { counted: false });
	const site = { guest, libxdp, programs, device, reader: new DispatcherReader(guest, device) };
	return {
		traffic,
		attach: (entries, order) => DispatcherChain.attach(site, entries, order),
		async close() {
			await traffic.close();
			await programs.close();
			await guest.client.call("object_close", { object: target.object });
			await libxdp.close();
			await hook.close();
		},
	};
}

const own = constantStandIn("xdp");

/** bpfgate's program that members extend; libxdp moves them to its dispatcher. */
async function openTarget(guest: Guest): Promise<{ object: number; program: string }> {
	const path = await writeOwn(guest, own.object);
	const { errno, held } = await loadOwn(guest, own, [XDP_PASS]);
	await guest.client.call("file_remove", { path });
	if (errno !== 0) throw new Error(`the kernel refuses bpfgate's own XDP program: ${errnoName(errno)}`);
	return { object: held.handle, program: held.program };
}

/** libxdp on a device, and a member of bpfgate's own that passes every packet on. */
export async function openOwnDispatcher(
	guest: Guest,
	device: XdpDevice,
): Promise<{ libxdp: Libxdp; member: XdpMember; object: number; close(): Promise<void> }> {
	const { client } = guest;
	const libxdp = await Libxdp.open(guest, device);
	const target = await openTarget(guest);
	const path = await writeOwn(guest, own.object);
	const { errno, held, id } = await loadOwn(guest, own, [XDP_PASS], { ...target, extends: true });
	if (errno !== 0) throw new Error(`the kernel refuses an extension of bpfgate's own: ${errnoName(errno)}`);
	return {
		libxdp,
		member: { id, runPrio: 1, proceed: new Set([XDP_PASS]), name: held.program, path },
		object: held.handle,
		async close() {
			await client.call("object_close", { object: held.handle });
			await client.call("object_close", { object: target.object });
			await client.call("file_remove", { path });
			await libxdp.close();
		},
	};
}
