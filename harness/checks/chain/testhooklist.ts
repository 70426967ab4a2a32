// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { BpfAttr, type Held } from "../../machine/guest/bpf-attr.js";
import { bpf } from "../../machine/guest/bpf-call.js";
import { constantProgram, infoOf, programId } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import {
	type AttachPlace,
	attachFlags,
	HookList,
	type ListHook,
	linkUpdate,
	type Place,
} from "./hook-list.js";

/** The program or link that a position is relative to: by descriptor, or by id. */
export interface Anchor {
	at: string;
	/** The link that holds the program. */
	link?: true;
	id?: true;
}

export interface TestPlace extends Omit<AttachPlace, "relative" | "replaced" | "flags"> {
	flags?: (keyof typeof attachFlags)[];
	relative?: Anchor | number;
	replaced?: string;
}

/** Programs that only return a number, each loaded when its name is first used. */
export class TestPrograms {
	private readonly known = new Map<string, { held: { handle: number }; id: number }>();

	/** @param type of the programs; the attach type where the type does not imply it */
	constructor(
		readonly guest: Guest,
		private readonly type: string,
		private readonly verdict: number,
		private readonly attachType?: string,
	) {}

	async get(name: string): Promise<{ held: { handle: number }; id: number }> {
		const known = this.known.get(name);
		if (known) return known;
		const { errno, handle } = await constantProgram(
			this.guest.client,
			this.type,
			this.verdict,
			this.attachType,
		);
		if (handle === undefined) throw new Error(`BPF_PROG_LOAD: ${errnoName(errno)}`);
		const program = { held: { handle }, id: await programId(this.guest.client, { handle }) };
		this.known.set(name, program);
		return program;
	}

	/** The id itself where no program has it. */
	nameOf(wanted: number): string {
		const found = [...this.known].find(([, { id }]) => id === wanted);
		return found?.[0] ?? String(wanted);
	}
}

/** A hook's list, for named programs. Results are `done` or the name of an errno. */
export class TestList {
	readonly list: HookList;
	private readonly guest: Guest;
	private readonly links = new Map<string, number>();

	constructor(
		private readonly programs: TestPrograms,
		readonly hook: ListHook,
		/** Flags of every program that is attached without a link: BPF_F_ALLOW_MULTI of cgroups. */
		private readonly always: (keyof typeof attachFlags)[] = [],
	) {
		this.guest = programs.guest;
		this.list = new HookList(this.guest, hook);
	}

	async held(name: string): Promise<{ handle: number }> {
		return (await this.programs.get(name)).held;
	}

	async id(name: string): Promise<number> {
		return (await this.programs.get(name)).id;
	}

	async attach(name: string, place: TestPlace = {}): Promise<string> {
		const { replaced, flags = [], ...rest } = place;
		const where = await this.place({ ...rest, flags: [...this.always, ...flags] });
		const more = replaced === undefined ? {} : { replaced: await this.held(replaced) };
		return said(await this.list.attach(await this.held(name), { ...where, ...more }));
	}

	/** Attaches by a link that has the name of its program. */
	async attachLink(name: string, place: TestPlace = {}): Promise<string> {
		const { errno, link } = await this.list.createLink(await this.held(name), await this.place(place));
		if (link !== undefined) this.links.set(name, link);
		return said(errno);
	}

	async detach(name?: string, place: TestPlace = {}): Promise<string> {
		const program = name === undefined ? undefined : await this.held(name);
		return said(await this.list.detach(program, await this.place(place)));
	}

	link(name: string): Held {
		const handle = this.links.get(name);
		if (handle === undefined) throw new Error(`${name} has no link`);
		return { handle };
	}

	async update(link: string, program: Held, expected?: string): Promise<string> {
		const old = expected === undefined ? undefined : await this.held(expected);
		const request = linkUpdate(this.guest, this.link(link), program, old);
		return said((await this.guest.client.call("bpf", request)).errno);
	}

	/** BPF_LINK_DETACH. */
	async detachLink(name: string): Promise<string> {
		const attr = new BpfAttr(4).fd(0, this.link(name));
		return said((await bpf(this.guest.client, "link_detach", attr)).errno);
	}

	/** struct bpf_link_info: its id, its program's, and for links on devices the device's. */
	async linkInfo(name: string): Promise<{ id: number; program: number; ifindex: number }> {
		const { info } = await infoOf(this.guest.client, this.link(name), 24);
		return { id: info.u32(4), program: info.u32(8), ifindex: info.u32(16) };
	}

	/** Names in the kernel's order; `(a)`: by a link, if reported. @param flags of the query */
	async names(flags = 0): Promise<string[]> {
		const { listed } = await this.list.query(flags);
		return listed.map(({ program, link }) => {
			const name = this.programs.nameOf(program);
			return link === 0 ? name : `(${name})`;
		});
	}

	async revision(): Promise<bigint> {
		return (await this.list.query()).revision;
	}

	async clear(): Promise<void> {
		for (const handle of this.links.values()) await this.guest.client.call("close", { handle });
		this.links.clear();
		for (const name of await this.names().catch(() => [])) await this.detach(name);
	}

	private async place({ flags = [], relative, ...rest }: TestPlace): Promise<Place> {
		const bits = flags.reduce((all, flag) => all | attachFlags[flag], 0);
		if (relative === undefined) return { ...rest, ...(bits === 0 ? {} : { flags: bits }) };
		if (typeof relative === "number") return { ...rest, flags: bits, relative };
		const { at, link, id } = relative;
		const told = bits | (link ? attachFlags.link : 0) | (id ? attachFlags.id : 0);
		const anchor = id
			? link
				? (await this.linkInfo(at)).id
				: await this.id(at)
			: link
				? this.link(at)
				: await this.held(at);
		return { ...rest, flags: told, relative: anchor };
	}
}

/** `done`, or the errno's name. */
export function said(errno: number): string {
	return errno === 0 ? "done" : errnoName(errno);
}
