// SPDX-License-Identifier: Apache-2.0
import { StructBytes, type StructView } from "../../../base/struct.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import {
	btfById,
	firstElement,
	infoOf,
	linkIds,
	openPin,
	progInfo,
	programCode,
	withId,
} from "../../../machine/guest/bpf-objects.js";
import type { Guest } from "../../../machine/vm/guest.js";

export interface Slot {
	/** Low first. */
	runPrio: number;
	/** A bit for each verdict after which the next slot runs. */
	chainCallActions: number;
	/** Id of the program that is linked to it; undefined while its stub runs. */
	program?: number;
}

/** A dispatcher as the kernel has it. */
export interface Dispatcher {
	id: number;
	version: number;
	/** The enabled ones, in the order of execution. */
	slots: Slot[];
}

/** struct xdp_dispatcher_config of libxdp's xdp/prog_dispatcher.h, from version 2 on. */
const magic = 236;
const mostSlots = 10;
const configBytes = 4 + mostSlots * 3 * 4;
/** Of struct bpf_link_info (include/uapi/linux/bpf.h). */
const linkInfo = { bytes: 32, type: 0, program: 8, targetObject: 20, targetBtf: 24 };
const BPF_LINK_TYPE_TRACING = 2;
/** Where libxdp pins its links; it makes the folder on first use and leaves it there. */
export const pins = "/sys/fs/bpf/xdp";

type GuestPart = Pick<Guest, "client" | "kernel">;

/** The target of a link of a tracing program or freplace; it cannot change. */
interface LinkTarget {
	/** Id of the target program; 0 where the kernel does not report it. */
	object: number;
	/** In that program's BTF. */
	function: number;
	program: number;
}

/** Reads a dispatcher's configuration and links; before 5.13 libxdp's pins say their targets. */
export class DispatcherReader {
	/** By link id; ids are never reused. */
	readonly #links = new Map<number, LinkTarget>();
	#newest = 0;

	constructor(
		private readonly guest: GuestPart,
		private readonly device: { ifindex: number; netns?: number },
	) {}

	/** @returns undefined without an XDP program @throws UndecidedError `no-dispatcher`: another */
	async read(): Promise<Dispatcher | undefined> {
		const { ifindex, netns } = this.device;
		const { client } = this.guest;
		const on = await client.call("xdp_query", { ifindex, ...(netns === undefined ? {} : { netns }) });
		const id = on.native || on.generic;
		if (id === 0) return undefined;
		const read = await withId(this.guest.client, "prog", id, (program) => this.#configOf(program, id));
		if (!read) return undefined;
		const { config, btf } = read;
		const enabled = Math.min(config.u8(2), mostSlots);
		const word = (array: number, index: number) => config.u32(4 + (array * mostSlots + index) * 4);
		const linked = (await this.#linkedPrograms(id, btf)) ?? (await this.#pinnedPrograms(id, enabled));
		const slots = Array.from({ length: enabled }, (_, index): Slot => {
			const program = linked.get(slotFunction(index, enabled));
			const slot = { runPrio: word(1, index), chainCallActions: word(0, index) };
			return program === undefined ? slot : { ...slot, program };
		});
		return { id, version: config.u8(1), slots };
	}

	/** Machine code of a dispatcher: jumps to the programs that are linked to it are in it. */
	async codeOf(dispatcher: number): Promise<Uint8Array> {
		const code = await withId(this.guest.client, "prog", dispatcher, (handle) =>
			programCode(this.guest.client, { handle }),
		);
		if (!code) throw new Error(`the dispatcher ${dispatcher} is gone`);
		return code;
	}

	async #configOf(program: number, id: number) {
		const wanted = new StructBytes(progInfo.bytes).u32(progInfo.mapCount, 1);
		const memory = { offset: progInfo.mapIds, bytes: 4 };
		const { info, list } = await infoOf(this.guest.client, { handle: program }, wanted, memory);
		const btf = info.u32(progInfo.btf);
		const map = list.u32(0);
		const config =
			map === 0 ? undefined : await withId(this.guest.client, "map", map, (handle) => this.#lookUp(handle));
		if (!config || config.u8(0) !== magic) throw undecided("no-dispatcher", { program: id });
		return { config, btf };
	}

	/** Reads just the size of a dispatcher's configuration: other programs' maps may be larger. */
	async #lookUp(handle: number): Promise<StructView | undefined> {
		// struct bpf_map_info: type, id, key_size, value_size.
		const { info } = await infoOf(this.guest.client, { handle }, 16);
		const valueSize = info.u32(12);
		if (valueSize < configBytes || valueSize > 256) return undefined;
		return firstElement(this.guest.client, handle, valueSize);
	}

	/** Ids of programs by the function that each replaces; undefined where not reported. */
	async #linkedPrograms(dispatcher: number, btfId: number): Promise<Map<string, number> | undefined> {
		// Links to a dispatcher are newer than the dispatcher, and so are their ids.
		for (const id of await linkIds(this.guest.client, this.#newest)) {
			this.#newest = id;
			const target = await this.#linkTarget(id);
			if (target) this.#links.set(id, target);
		}
		if ([...this.#links.values()].every(({ object }) => object === 0)) return undefined;
		const btf = await btfById(this.guest.client, btfId);
		const programs = new Map<string, number>();
		for (const [id, link] of this.#links) {
			if (link.object !== dispatcher) continue;
			const there = await withId(this.guest.client, "link", id, async () => true);
			if (there) programs.set(btf?.name(link.function) ?? "", link.program);
		}
		return programs;
	}

	async #linkTarget(id: number): Promise<LinkTarget | undefined> {
		const read = await withId(this.guest.client, "link", id, (handle) =>
			infoOf(this.guest.client, { handle }, linkInfo.bytes),
		);
		if (read?.info.u32(linkInfo.type) !== BPF_LINK_TYPE_TRACING) return undefined;
		return {
			object: read.info.u32(linkInfo.targetObject),
			function: read.info.u32(linkInfo.targetBtf),
			program: read.info.u32(linkInfo.program),
		};
	}

	/** libxdp's protocol: a folder for each dispatcher with a pin for each link. */
	async #pinnedPrograms(dispatcher: number, enabled: number): Promise<Map<string, number>> {
		const programs = new Map<string, number>();
		const folder = pinFolder(this.device.ifindex, dispatcher);
		for (let index = 0; index < enabled; index++) {
			const handle = await openPin(this.guest.client, `${folder}/prog${index}-link`);
			if (handle === undefined) continue;
			try {
				const { info } = await infoOf(this.guest.client, { handle }, linkInfo.bytes);
				programs.set(slotFunction(index, enabled), info.u32(linkInfo.program));
			} finally {
				await this.guest.client.call("close", { handle });
			}
		}
		return programs;
	}
}

/** The function that a member replaces: a single member replaces the dispatcher itself. */
function slotFunction(index: number, enabled: number): string {
	return enabled === 1 ? "xdp_dispatcher" : `prog${index}`;
}

export function pinFolder(ifindex: number, dispatcher: number): string {
	return `${pins}/dispatch-${ifindex}-${dispatcher}`;
}
