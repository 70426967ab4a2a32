// SPDX-License-Identifier: Apache-2.0

import { attachTypes } from "../../base/bpf.js";
import { E2BIG, EINVAL, errnoName } from "../../base/errno.js";
import { StructBytes } from "../../base/struct.js";
import { BpfAttr, type Held } from "../../machine/guest/bpf-attr.js";
import { bpf, bpfRequest } from "../../machine/guest/bpf-call.js";
import type { Args } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";

/** BPF_F_* of include/uapi/linux/bpf.h: positions in a list, and what they are relative to. */
export const attachFlags = {
	multi: 1 << 1,
	replace: 1 << 2,
	before: 1 << 3,
	after: 1 << 4,
	id: 1 << 5,
	preorder: 1 << 6,
	link: 1 << 13,
} as const;

/** For `query`: a cgroup's list with those of its ancestors, in the order of execution. */
export const BPF_F_QUERY_EFFECTIVE = 1;

/** A hook with a list: `target` is an ifindex, or the handle of a cgroup's folder (`path_open`). */
export interface ListHook {
	/** `tcx_ingress`, `netkit_peer`, `cgroup_inet4_connect` ...: a name of `attachTypes`. */
	attachType: string;
	target: number | Held;
	/** Handle of the device's namespace. */
	netns?: number;
}

export interface Place {
	/** BPF_F_*, including those that say what `relative` is. */
	flags?: number;
	/** The program or link that it is relative to: held, or an id (with `attachFlags.id`). */
	relative?: Held | number;
	/** The kernel refuses with ESTALE unless the list has this revision. */
	revision?: bigint;
}

/** Position of a program that is attached without a link. */
export type AttachPlace = Place & { replaced?: Held };

export interface Listed {
	program: number;
	/** 0 when it is attached without a link. */
	link: number;
	/** Its flags; 0 before 6.6. For cgroups, those of the whole list. */
	flags: number;
}

export interface HookListing {
	/** In the kernel's order. */
	listed: Listed[];
	/** Flags of the whole hook. */
	flags: number;
	/** Incremented by each change; 0 where the kernel has none. */
	revision: bigint;
}

type GuestPart = Pick<Guest, "client" | "kernel">;

/** bpf(2) on one hook's list. A refusal is a result: the kernel's errno, 0 when it succeeded. */
export class HookList {
	private readonly attachType: number;

	constructor(
		private readonly guest: GuestPart,
		private readonly hook: ListHook,
	) {
		const number = attachTypes.number(hook.attachType);
		if (number === undefined) throw new Error(`${hook.attachType} is not an attach type`);
		this.attachType = number;
	}

	/** BPF_LINK_CREATE. Closing `link` detaches the program, unless it is also held elsewhere. */
	async createLink(program: Held, place: Place = {}): Promise<{ errno: number; link?: number }> {
		const attr = this.attr(isOrdered(place) ? 32 : 16, 4).fd(0, program);
		attr.u32(8, this.attachType).u32(12, place.flags ?? 0);
		if (isOrdered(place)) putPlace(attr, place, 16);
		const { errno, fd } = await this.call("link_create", attr);
		return fd === undefined ? { errno } : { errno, link: fd };
	}

	/** BPF_PROG_ATTACH: without a link. `replaced` needs `attachFlags.replace`. */
	async attach(program: Held, place: AttachPlace = {}): Promise<number> {
		return (await this.guest.client.call("bpf", this.attachRequest(program, place))).errno;
	}

	attachRequest(program: Held, place: AttachPlace = {}): Args<"bpf"> {
		const attr = this.programAttr(program, place);
		if (place.replaced) attr.fd(16, place.replaced);
		return bpfRequest(this.guest.client, "prog_attach", attr, this.hook.netns);
	}

	/** BPF_PROG_DETACH, without a link. Without a program: the first or last, as in `place`. */
	async detach(program?: Held, place: Place = {}): Promise<number> {
		return (await this.guest.client.call("bpf", this.detachRequest(program, place))).errno;
	}

	detachRequest(program?: Held, place: Place = {}): Args<"bpf"> {
		return bpfRequest(this.guest.client, "prog_detach", this.programAttr(program, place), this.hook.netns);
	}

	/** BPF_PROG_QUERY. @throws Error with the kernel's errno when it refuses */
	async query(flags = 0): Promise<HookListing> {
		const found = await this.querySized(64, flags);
		// Older kernels refuse the fields for links; some do so only for some lists.
		const refused = found.errno === EINVAL || found.errno === E2BIG;
		const { errno, ...listing } = refused ? await this.querySized(32, flags) : found;
		if (errno !== 0) throw new Error(`BPF_PROG_QUERY of ${this.hook.attachType}: ${errnoName(errno)}`);
		return listing;
	}

	private async querySized(size: 32 | 64, flags: number): Promise<HookListing & { errno: number }> {
		const room = 256;
		const ids = () => new Uint8Array(room * 4);
		const attr = this.attr(size, 0).u32(4, this.attachType).u32(8, flags);
		attr.u32(24, room).pointer(16, ids(), true);
		if (size === 64) attr.pointer(32, ids(), true).pointer(40, ids(), true);
		const result = await this.call("prog_query", attr);
		const answer = view(result.attr);
		const [programs, attached, links] = result.blobs.map(view);
		const word = (of: DataView | undefined, index: number) =>
			of?.getUint32(index * 4, this.guest.client.littleEndian) ?? 0;
		const count = result.errno === 0 ? Math.min(word(answer, 6), room) : 0;
		return {
			errno: result.errno,
			listed: Array.from({ length: count }, (_, index) => ({
				program: word(programs, index),
				link: word(links, index),
				flags: word(attached, index),
			})),
			flags: word(answer, 3),
			revision: size === 64 ? answer.getBigUint64(56, this.guest.client.littleEndian) : 0n,
		};
	}

	private programAttr(program: Held | undefined, place: Place): BpfAttr {
		const attr = this.attr(isOrdered(place) ? 32 : 20, 0);
		attr.u32(8, this.attachType).u32(12, place.flags ?? 0);
		if (program) attr.fd(4, program);
		if (isOrdered(place)) putPlace(attr, place, 20);
		return attr;
	}

	private attr(size: number, targetAt: number): BpfAttr {
		const attr = new BpfAttr(size);
		const { target } = this.hook;
		return typeof target === "number" ? attr.u32(targetAt, target) : attr.fd(targetAt, target);
	}

	private call(command: string, attr: BpfAttr) {
		return bpf(this.guest.client, command, attr, this.hook.netns);
	}
}

/** BPF_LINK_UPDATE: changes the program of a link; only if it is `expected` (else EPERM). */
export function linkUpdate(guest: GuestPart, link: Held, program: Held, expected?: Held): Args<"bpf"> {
	const attr = new BpfAttr(16).fd(0, link).fd(4, program);
	if (expected) attr.u32(8, attachFlags.replace).fd(12, expected);
	return bpfRequest(guest.client, "link_update", attr);
}

/** BPF_MAP_UPDATE_ELEM of one slot of a program array. */
export function slotUpdate(guest: GuestPart, array: Held, slot: number, program: Held): Args<"bpf"> {
	return bpfRequest(guest.client, "map_update_elem", slotAttr(array, slot).fds(16, [program]));
}

/** BPF_MAP_DELETE_ELEM of one slot of a program array; ENOENT when it is empty. */
export function slotDelete(guest: GuestPart, array: Held, slot: number): Args<"bpf"> {
	return bpfRequest(guest.client, "map_delete_elem", slotAttr(array, slot));
}

function slotAttr(array: Held, slot: number): BpfAttr {
	const key = new StructBytes(4).u32(0, slot);
	return new BpfAttr(32).fd(0, array).pointer(8, key);
}

/** Kernels without ordered lists refuse both attributes. */
function isOrdered(place: Place): boolean {
	return place.relative !== undefined || place.revision !== undefined;
}

function putPlace(attr: BpfAttr, { relative, revision }: Place, at: number): void {
	if (typeof relative === "number") attr.u32(at, relative);
	else if (relative) attr.fd(at, relative);
	if (revision !== undefined) attr.u64(24, revision);
}

function view(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
