// SPDX-License-Identifier: Apache-2.0

import { E2BIG } from "../../../base/errno.js";
import { mechanismFacts } from "../../../data/package/sections/chain-hooks.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { attachFlags, BPF_F_QUERY_EFFECTIVE, HookList } from "../hook-list.js";
import { allDone, BuildError, type Built } from "../mechanism.js";
import { type Part, partName, samePart } from "../part.js";
import type { Parts } from "../parts.js";
import type { CgroupAbilities } from "./cgroup-abilities.js";
import type { CgroupTree } from "./cgroup-tree.js";

const replaceCall = "BPF_PROG_ATTACH with BPF_F_REPLACE";

/** Where and with what a chain of cgroups is built. */
export interface CgroupSite {
	guest: Guest;
	parts: Parts;
	tree: CgroupTree;
	attachType: string;
	can: CgroupAbilities;
	/** Where a part's member stands in the declaration. */
	placeOf: (part: Part) => number;
}

/**
 * Programs that are attached to cgroups with BPF_F_ALLOW_MULTI, without links. Where some are
 * attached with BPF_F_PREORDER, BPF_LINK_UPDATE of another one overwrites them on 6.17 to 7.0
 * (tried; `replace_effective_prog` of kernel/bpf/cgroup.c counted places as if there were no
 * PREORDER), and 6.16 takes no link with it at all; BPF_F_REPLACE does what it should everywhere.
 *
 * In one cgroup those with BPF_F_PREORDER and those without are two lists, and a place in one says
 * nothing of the other.
 */
export class CgroupChain implements Built {
	readonly #lists = new Map<string, Part[]>();
	/** Parts that were detached and attached again because another had to come before them. */
	readonly #moved = new Map<string, number>();

	private constructor(private readonly site: CgroupSite) {}

	static async build(
		site: CgroupSite,
		order: readonly Part[],
		attaching: readonly number[] = [...order.keys()],
	): Promise<CgroupChain> {
		const chain = new CgroupChain(site);
		try {
			for (const index of attaching) {
				const later = order.slice(index + 1);
				await chain.#put(order[index]!, (other) => later.some((each) => samePart(each, other)));
			}
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	/**
	 * What a process below all of the chain's cgroups meets, as the kernel has it: no query tells
	 * BPF_F_PREORDER.
	 */
	async configured(): Promise<(Part | number)[]> {
		const { guest, tree, attachType, parts } = this.site;
		const list = new HookList(guest, { attachType, target: { handle: tree.process.handle } });
		const { listed } = await list.query(BPF_F_QUERY_EFFECTIVE);
		return listed.map(({ program }) => parts.byProgram(program));
	}

	insert(part: Part): Promise<void> {
		const place = this.site.placeOf(part);
		return this.#put(part, (other) => this.site.placeOf(other) > place);
	}

	async remove(part: Part): Promise<void> {
		await this.#detach(part);
	}

	lose(part: Part): Promise<void> {
		return this.remove(part);
	}

	async replace(part: Part, by: Part): Promise<void> {
		await this.site.parts.get(by);
		for (const { args } of this.replacing(part, by)) {
			const { errno } = await this.site.guest.client.call("bpf", args);
			if (errno !== 0) throw new BuildError(by, errno, replaceCall, this.#lackOf(part, errno));
		}
		const list = this.#listOf(part);
		list.splice(indexIn(list, part), 1, by);
	}

	/**
	 * One operation, after which packets meet the one or the other: the kernel makes a new list and
	 * puts it in the place of the old.
	 */
	replacing(part: Part, by: Part) {
		const { parts } = this.site;
		const [old, fresh] = [parts.loaded(part).held, parts.loaded(by).held];
		const place = { flags: flagsOf(by) | attachFlags.replace, replaced: old };
		return [{ op: "bpf", args: this.#kernelList(part).attachRequest(fresh, place) }];
	}

	async reorder(parts: readonly Part[]): Promise<void> {
		for (const list of this.#lists.values()) {
			const wanted = parts.filter((part) => this.#listOf(part) === list);
			for (const [place, part] of wanted.entries()) {
				if (samePart(list[place]!, part)) continue;
				const other = list[place]!;
				await this.#detach(part);
				await this.#put(part, (each) => samePart(each, other));
			}
		}
	}

	notes(): string[] {
		return [...this.#moved].map(
			([label, times]) =>
				`${label} was detached and attached again ${times === 1 ? "once" : `${times} times`}: this kernel knows no BPF_F_BEFORE for cgroups, so whatever comes before others makes them be attached anew, and what passes meanwhile does not meet them`,
		);
	}

	async close(): Promise<void> {
		await allDone([...this.#lists.values()].flat().map((part) => this.#detach(part)));
	}

	/** Before the first of those that it has to come before; behind all when there is none. */
	async #put(part: Part, isLater: (other: Part) => boolean): Promise<void> {
		const list = this.#listOf(part);
		const at = list.findIndex(isLater);
		if (at < 0) return this.#attach(part, list.length);
		if (this.site.can.places) return this.#attach(part, at, list[at]);
		const later = list.slice(at);
		for (const other of later) await this.#detach(other);
		try {
			await this.#attach(part, at);
		} finally {
			for (const other of later) {
				await this.#attach(other, list.length);
				const { label } = other.member;
				this.#moved.set(label, (this.#moved.get(label) ?? 0) + 1);
			}
		}
	}

	async #attach(part: Part, at: number, next?: Part): Promise<void> {
		const { parts } = this.site;
		const { held } = await parts.get(part);
		const before = next && { relative: parts.loaded(next).held };
		const flags = flagsOf(part) | (next ? attachFlags.before : 0);
		const errno = await this.#kernelList(part).attach(held, { flags, ...before });
		if (errno !== 0) throw new BuildError(part, errno, "BPF_PROG_ATTACH");
		this.#listOf(part).splice(at, 0, part);
	}

	async #detach(part: Part): Promise<void> {
		const errno = await this.#kernelList(part).detach(this.site.parts.loaded(part).held);
		if (errno !== 0) throw new BuildError(part, errno, "BPF_PROG_DETACH");
		const list = this.#listOf(part);
		list.splice(indexIn(list, part), 1);
	}

	/**
	 * The kernel looks for room before it looks whether any is needed: `__cgroup_bpf_attach` of
	 * kernel/bpf/cgroup.c.
	 */
	#lackOf({ member }: Part, errno: number): string | undefined {
		const { maxMembers } = mechanismFacts.cgroup;
		const beside = [...this.#lists.values()].flat().filter((other) => other.member.cgroup === member.cgroup);
		if (errno !== E2BIG || beside.length < maxMembers) return undefined;
		return `the kernel replaces no program of a cgroup that has as many as it takes, and ${member.label} is one of ${beside.length}`;
	}

	#kernelList({ member }: Part): HookList {
		const { guest, tree, attachType } = this.site;
		return new HookList(guest, { attachType, target: { handle: tree.at(member.cgroup).handle } });
	}

	#listOf({ member: { cgroup, preorder } }: Part): Part[] {
		const key = `${preorder} ${cgroup}`;
		const list = this.#lists.get(key) ?? [];
		this.#lists.set(key, list);
		return list;
	}
}

function flagsOf({ member: { preorder } }: Part): number {
	return attachFlags.multi | (preorder ? attachFlags.preorder : 0);
}

function indexIn(list: readonly Part[], part: Part): number {
	const index = list.findIndex((each) => samePart(each, part));
	if (index < 0) throw new Error(`${partName(part)} does not stand in the chain`);
	return index;
}
