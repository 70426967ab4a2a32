// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { InputError } from "../../../base/errors.js";
import { Btf, membersOf } from "../../../data/package/btf/btf.js";
import { AddressSpace, type Levels } from "./address-space.js";
import { type PhysicalMemory, Unreadable } from "./guest-memory.js";

/** Symbols of the kernel that the view needs (/proc/kallsyms). */
export const symbols = [
	"_text",
	"linux_banner",
	"init_top_pgt",
	"__start_BTF",
	"__stop_BTF",
	"prog_idr",
	"map_idr",
	"link_idr",
] as const;
export type Symbols = Record<(typeof symbols)[number], bigint>;

/** Members of the kernel's structs by their paths; those of `optional` came later. */
const paths = [
	"idr.idr_rt.xa_head",
	"idr.idr_base",
	"xa_node.shift",
	"xa_node.slots",
	"bpf_prog.type",
	"bpf_prog.len",
	"bpf_prog.jited_len",
	"bpf_prog.tag",
	"bpf_prog.aux",
	"bpf_prog.insnsi",
	"bpf_prog_aux.refcnt.counter",
	"bpf_prog_aux.id",
	"bpf_prog_aux.name",
	"bpf_map.map_type",
	"bpf_map.id",
	"bpf_map.name",
	"bpf_map.refcnt.counter",
	"bpf_link.refcnt.counter",
	"bpf_link.id",
	"bpf_link.type",
	"bpf_link.prog",
] as const;
const optional = ["bpf_prog_aux.verified_insns"] as const;

const Field = Type.Object({ offset: Type.Integer({ minimum: 0 }), size: Type.Integer({ minimum: 0 }) });
export type Field = Static<typeof Field>;
const OptionalField = Type.Optional(Field);
const each = <K extends string, V>(keys: readonly K[], value: V) =>
	Object.fromEntries(keys.map((key) => [key, value])) as Record<K, V>;
const Address = Type.String({ pattern: "^0x[0-9a-f]+$" });

/** What the host must know of a kernel to read its tables from outside. Sizes in bytes. */
export const KernelLayout = Type.Object({
	/** Physical addresses: the page tables, and `Linux version`, which shows the kernel. */
	root: Type.Integer({ minimum: 0 }),
	banner: Type.Integer({ minimum: 0 }),
	levels: Type.Union([Type.Literal(4), Type.Literal(5)]),
	tables: Type.Object({ programs: Address, maps: Address, links: Address }),
	fields: Type.Object({ ...each(paths, Field), ...each(optional, OptionalField) }),
});
export type KernelLayout = Static<typeof KernelLayout>;
export type Fields = KernelLayout["fields"];

const bannerText = "Linux version ";
/** The image begins at a multiple of this. */
const alignment = 2 ** 21;
const maxBtf = 64 * 2 ** 20;

/** The kernel was built without something that the view needs. */
export class Unsupported extends Error {
	override name = "Unsupported";
}

/**
 * Finds its way in a kernel that has run nothing but the agent.
 *
 * @param addresses of its symbols; 0 for one that it lacks
 * @throws Unsupported when the kernel lacks what is needed, and says what; Unreadable
 */
export function kernelLayout(memory: PhysicalMemory, addresses: Symbols): KernelLayout {
	for (const name of symbols) if (addresses[name] === 0n) throw new Unsupported(`it has no symbol ${name}`);
	const { _text, __start_BTF, __stop_BTF, prog_idr, map_idr, link_idr } = addresses;
	const { image, ...tables } = pageTables(memory, addresses);
	const size = Number(__stop_BTF - __start_BTF);
	if (size <= 0 || size > maxBtf) throw new Unsupported(`its BTF has ${size} bytes`);
	const types = memory.read(image + Number(__start_BTF - _text), size);
	return {
		...tables,
		tables: { programs: hex(prog_idr), maps: hex(map_idr), links: hex(link_idr) },
		fields: fieldsOf(types),
	};
}

/** True when a kernel lies where the layout says. */
export const isThere = (memory: PhysicalMemory, { banner }: KernelLayout): boolean =>
	hasBanner(memory, banner);

const hex = (address: bigint) => `0x${address.toString(16)}`;

/**
 * Where the image lies. Others in RAM are what the decompressor left behind: their page tables do
 * not lead to them.
 */
function pageTables(
	memory: PhysicalMemory,
	{ _text, linux_banner, init_top_pgt }: Symbols,
): Pick<KernelLayout, "root" | "banner" | "levels"> & { image: number } {
	const behind = Number(linux_banner - _text);
	for (const image of images(memory)) {
		const banner = image + behind;
		if (!hasBanner(memory, banner)) continue;
		const root = image + Number(init_top_pgt - _text);
		const levels = ([4, 5] as const).find((count) => leadsTo(memory, root, count, linux_banner, banner));
		if (levels) return { image, root, banner, levels };
	}
	throw new Unreadable("no kernel image is in RAM to which page tables lead");
}

/** Where an image may begin. */
function* images(memory: PhysicalMemory): Generator<number> {
	for (const { address, size } of memory.ranges)
		for (let image = address; image < address + size; image += alignment) yield image;
}

function hasBanner(memory: PhysicalMemory, at: number): boolean {
	try {
		return memory.read(at, bannerText.length).toString("latin1") === bannerText;
	} catch (error) {
		if (error instanceof Unreadable) return false;
		throw error;
	}
}

function leadsTo(memory: PhysicalMemory, root: number, levels: Levels, from: bigint, to: number): boolean {
	try {
		return new AddressSpace(memory, root, levels).physical(from) === to;
	} catch {
		return false;
	}
}

function fieldsOf(types: Buffer): Fields {
	const btf = btfOf(types);
	const found = Object.fromEntries(
		[...paths, ...optional].flatMap((path) => {
			const field = fieldAt(btf, path);
			return field ? [[path, field]] : [];
		}),
	) as Partial<Fields>;
	const missing = paths.find((path) => !found[path]);
	if (missing) throw new Unsupported(`its BTF has no ${missing}`);
	return found as Fields;
}

function btfOf(types: Buffer): Btf {
	try {
		return new Btf("the kernel's BTF", types);
	} catch (cause) {
		throw cause instanceof InputError ? new Unreadable(cause.message, { cause }) : cause;
	}
}

function fieldAt(btf: Btf, path: string): Field | undefined {
	const [struct = "", ...names] = path.split(".");
	let id = btf.find(struct, "struct");
	let bits = 0;
	for (const name of names) {
		const member = id === undefined ? undefined : membersOf(btf, btf.resolve(id)).get(name);
		if (!member) return undefined;
		bits += member.bitOffset;
		id = member.type;
	}
	return id === undefined ? undefined : { offset: bits / 8, size: btf.sizeOf(id) };
}
