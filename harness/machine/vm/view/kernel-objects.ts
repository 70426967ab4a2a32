// SPDX-License-Identifier: Apache-2.0
import { AddressSpace } from "./address-space.js";
import { type PhysicalMemory, Unreadable } from "./guest-memory.js";
import { tableEntries } from "./id-table.js";
import { type Field, type Fields, isThere, type KernelLayout } from "./kernel-layout.js";

/** A program as the kernel's memory has it. */
export interface KernelProgram {
	id: number;
	/** enum bpf_prog_type. */
	type: number;
	name: string;
	/** Digest of its instructions as they were loaded, in hex; kernels differ in the algorithm. */
	tag: string;
	/** After the verifier rewrote them. */
	instructions: number;
	/** Bytes of machine code; 0 when the kernel interprets it. */
	jited: number;
	/** Instructions that the verifier looked at; absent before 5.16. */
	verified?: number;
}

export interface KernelMap {
	id: number;
	/** enum bpf_map_type. */
	type: number;
	name: string;
}

export interface KernelLink {
	id: number;
	/** enum bpf_link_type. */
	type: number;
	/** Id of its program; absent for a link of struct_ops. */
	program?: number;
}

/** The programs, maps and links of a kernel that user space can get by id, in the order of ids. */
export interface KernelObjects {
	programs: KernelProgram[];
	maps: KernelMap[];
	links: KernelLink[];
}

/** @throws Unreadable when the memory is not that of a kernel with this layout */
export function kernelObjects(memory: PhysicalMemory, layout: KernelLayout): KernelObjects {
	if (!isThere(memory, layout)) throw new Unreadable("the kernel is not where it was");
	const space = new AddressSpace(memory, layout.root, layout.levels);
	const { fields } = layout;
	const objects = <T>(
		table: string,
		read: (space: AddressSpace, at: bigint, fields: Fields, id: number) => T,
	) =>
		tableEntries(space, BigInt(table), fields).flatMap(
			({ id, object }) => read(space, object, fields, id) ?? [],
		);
	return {
		programs: objects(layout.tables.programs, program),
		maps: objects(layout.tables.maps, map),
		links: objects(layout.tables.links, link),
	};
}

/** A struct at an address: its members by path. */
class Struct {
	constructor(
		private readonly space: AddressSpace,
		private readonly at: bigint,
	) {}

	bytes({ offset, size }: Field): Buffer {
		return this.space.bytes(this.at + BigInt(offset), size);
	}

	u32(field: Field): number {
		return this.bytes({ ...field, size: 4 }).readUInt32LE();
	}

	u64(field: Field): bigint {
		return this.bytes({ ...field, size: 8 }).readBigUInt64LE();
	}

	text(field: Field): string {
		const bytes = this.bytes(field);
		const end = bytes.indexOf(0);
		return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
	}
}

function program(space: AddressSpace, at: bigint, fields: Fields, id: number): KernelProgram | undefined {
	const prog = new Struct(space, at);
	const aux = new Struct(space, prog.u64(fields["bpf_prog.aux"]));
	const own = aux.u32(fields["bpf_prog_aux.id"]);
	if (!isListed(own, id, aux.u64(fields["bpf_prog_aux.refcnt.counter"]), "program")) return undefined;
	const verified = fields["bpf_prog_aux.verified_insns"];
	return {
		id,
		type: prog.u32(fields["bpf_prog.type"]),
		name: aux.text(fields["bpf_prog_aux.name"]),
		tag: prog.bytes(fields["bpf_prog.tag"]).toString("hex"),
		instructions: prog.u32(fields["bpf_prog.len"]),
		jited: prog.u32(fields["bpf_prog.jited_len"]),
		...(verified ? { verified: aux.u32(verified) } : {}),
	};
}

function map(space: AddressSpace, at: bigint, fields: Fields, id: number): KernelMap | undefined {
	const struct = new Struct(space, at);
	const own = struct.u32(fields["bpf_map.id"]);
	if (!isListed(own, id, struct.u64(fields["bpf_map.refcnt.counter"]), "map")) return undefined;
	return { id, type: struct.u32(fields["bpf_map.map_type"]), name: struct.text(fields["bpf_map.name"]) };
}

function link(space: AddressSpace, at: bigint, fields: Fields, id: number): KernelLink | undefined {
	const struct = new Struct(space, at);
	const own = struct.u32(fields["bpf_link.id"]);
	if (!isListed(own, id, struct.u64(fields["bpf_link.refcnt.counter"]), "link")) return undefined;
	const prog = struct.u64(fields["bpf_link.prog"]);
	const aux =
		prog === 0n ? undefined : new Struct(space, new Struct(space, prog).u64(fields["bpf_prog.aux"]));
	return {
		id,
		type: struct.u32(fields["bpf_link.type"]),
		...(aux ? { program: aux.u32(fields["bpf_prog_aux.id"]) } : {}),
	};
}

/**
 * False for an object that bpf() does not give out: it is being made and has no id of its own yet,
 * or nothing refers to it any more.
 */
function isListed(own: number, id: number, references: bigint, kind: string): boolean {
	if (own === 0 || BigInt.asIntN(64, references) <= 0n) return false;
	if (own !== id) throw new Unreadable(`the ${kind} with id ${id} says that its id is ${own}`);
	return true;
}
