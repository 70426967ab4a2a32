// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../../errors.js";
import { Btf } from "../../../package/btf.js";
import type { Guest } from "../../../vm/guest.js";
import { firstElement, infoOf, isLittleEndian, linkIds, openPin, withId } from "./kernel-objects.js";

/** One place of a dispatcher. */
export interface Slot {
	/** Low first. */
	runPrio: number;
	/** A bit for each verdict after which the next has its turn. */
	chainCallActions: number;
	/** Id of the program that is linked to it; undefined while only its stub is there. */
	program?: number;
}

/** A dispatcher as the kernel has it. */
export interface Dispatcher {
	/** Id of its program. */
	id: number;
	/** Of libxdp's protocol. */
	version: number;
	/** Those that are enabled, in the order of execution. */
	slots: Slot[];
}

/** struct xdp_dispatcher_config of libxdp's xdp/prog_dispatcher.h, from version 2 on. */
const magic = 236;
const mostSlots = 10;
const configBytes = 4 + mostSlots * 3 * 4;
/** Of struct bpf_prog_info up to `btf_id`, struct bpf_link_info and struct bpf_btf_info (include/uapi/linux/bpf.h). */
const progInfo = { bytes: 132, mapCount: 52, mapIds: 56, btf: 128 };
const linkInfo = { bytes: 32, type: 0, program: 8, targetObject: 20, targetBtf: 24 };
const btfInfo = { bytes: 16, size: 8 };
const BPF_LINK_TYPE_TRACING = 2;
/** Where libxdp pins all that it keeps; the folder is made when it is first needed, and stays. */
export const pins = "/sys/fs/bpf/xdp";

type GuestPart = Pick<Guest, "client" | "kernel">;

/**
 * The dispatcher on a device: its configuration, which is frozen, and the freplace links to its functions. Kernels before 5.13
 * do not tell the target of a link; there libxdp's pins say it.
 *
 * @returns undefined when no XDP program is on the device
 * @throws UndecidedError `no-dispatcher` when the program on it is another
 */
export async function dispatcherOn(
	guest: GuestPart,
	device: { ifindex: number; netns?: number },
): Promise<Dispatcher | undefined> {
	const { ifindex, netns } = device;
	const on = await guest.client.call("xdp_query", { ifindex, ...(netns === undefined ? {} : { netns }) });
	const id = on.native || on.generic;
	if (id === 0) return undefined;
	const read = await withId(guest, "prog", id, (program) => configOf(guest, program, id));
	if (!read) return undefined;
	const { config, btf } = read;
	const little = isLittleEndian(guest);
	const enabled = Math.min(config.getUint8(2), mostSlots);
	const word = (array: number, index: number) =>
		config.getUint32(4 + (array * mostSlots + index) * 4, little);
	const linked =
		(await linkedPrograms(guest, id, btf)) ?? (await pinnedPrograms(guest, ifindex, id, enabled));
	const slots = Array.from({ length: enabled }, (_, index): Slot => {
		const program = linked.get(slotFunction(index, enabled));
		const slot = { runPrio: word(1, index), chainCallActions: word(0, index) };
		return program === undefined ? slot : { ...slot, program };
	});
	return { id, version: config.getUint8(1), slots };
}

/** What a member stands in the place of: an only one in that of the dispatcher itself. */
function slotFunction(index: number, enabled: number): string {
	return enabled === 1 ? "xdp_dispatcher" : `prog${index}`;
}

async function configOf(guest: GuestPart, program: number, id: number) {
	const little = isLittleEndian(guest);
	const info = new Uint8Array(progInfo.bytes);
	new DataView(info.buffer).setUint32(progInfo.mapCount, 1, little);
	const [told, maps] = await infoOf(guest, program, info, { offset: progInfo.mapIds, bytes: 4 });
	const btf = told.getUint32(progInfo.btf, little);
	const map = new DataView(maps.buffer, maps.byteOffset).getUint32(0, little);
	const config = map === 0 ? undefined : await withId(guest, "map", map, (handle) => lookUp(guest, handle));
	if (!config || config.getUint8(0) !== magic)
		throw new UndecidedError(
			"no-dispatcher",
			`the program ${id} on the device is no dispatcher of libxdp that bpfgate can read (version 2 or newer)`,
			"build the chain with libxdp 1.3 or newer, or with another mechanism",
		);
	return { config, btf };
}

/** Only as much as a dispatcher's configuration has: another program's map may have larger values. */
async function lookUp(guest: GuestPart, handle: number): Promise<DataView | undefined> {
	// struct bpf_map_info: type, id, key_size, value_size.
	const [info] = await infoOf(guest, handle, new Uint8Array(16));
	const valueSize = info.getUint32(12, isLittleEndian(guest));
	if (valueSize < configBytes || valueSize > 256) return undefined;
	return firstElement(guest, handle, valueSize);
}

/** Ids of programs by the function that each stands in the place of; undefined where the kernel does not tell. */
async function linkedPrograms(
	guest: GuestPart,
	dispatcher: number,
	btfId: number,
): Promise<Map<string, number> | undefined> {
	const little = isLittleEndian(guest);
	const targets = new Map<number, number>();
	let told = false;
	for (const id of await linkIds(guest)) {
		const info = await withId(guest, "link", id, async (handle) =>
			infoOf(guest, handle, new Uint8Array(linkInfo.bytes)),
		);
		if (!info || info[0].getUint32(linkInfo.type, little) !== BPF_LINK_TYPE_TRACING) continue;
		const target = info[0].getUint32(linkInfo.targetObject, little);
		told ||= target !== 0;
		if (target === dispatcher)
			targets.set(info[0].getUint32(linkInfo.targetBtf, little), info[0].getUint32(linkInfo.program, little));
	}
	if (!told) return undefined;
	const btf = await withId(guest, "btf", btfId, (handle) => readBtf(guest, handle));
	return new Map([...targets].map(([type, program]) => [btf?.name(type) ?? "", program]));
}

async function readBtf(guest: GuestPart, handle: number): Promise<Btf> {
	const little = isLittleEndian(guest);
	const [sizes] = await infoOf(guest, handle, new Uint8Array(btfInfo.bytes));
	const bytes = sizes.getUint32(btfInfo.size, little);
	const info = new Uint8Array(btfInfo.bytes);
	new DataView(info.buffer).setUint32(btfInfo.size, bytes, little);
	const [, data] = await infoOf(guest, handle, info, { offset: 0, bytes });
	return new Btf("the dispatcher", data);
}

/** By libxdp's protocol: a folder for each dispatcher, in it a pin for each link. */
async function pinnedPrograms(
	guest: GuestPart,
	ifindex: number,
	dispatcher: number,
	enabled: number,
): Promise<Map<string, number>> {
	const programs = new Map<string, number>();
	for (let index = 0; index < enabled; index++) {
		const handle = await openPin(guest, `${pinFolder(ifindex, dispatcher)}/prog${index}-link`);
		if (handle === undefined) continue;
		try {
			const [info] = await infoOf(guest, handle, new Uint8Array(linkInfo.bytes));
			const program = info.getUint32(linkInfo.program, isLittleEndian(guest));
			programs.set(slotFunction(index, enabled), program);
		} finally {
			await guest.client.call("close", { handle });
		}
	}
	return programs;
}

/** Where libxdp pins what belongs to a dispatcher. */
export function pinFolder(ifindex: number, dispatcher: number): string {
	return `${pins}/dispatch-${ifindex}-${dispatcher}`;
}
