// SPDX-License-Identifier: Apache-2.0
import type { AddressSpace } from "./address-space.js";
import { Unreadable } from "./guest-memory.js";
import type { Fields } from "./kernel-layout.js";

/** What one table may have. */
const maxEntries = 16_384;
const maxNodes = 4096;
/** Ids are positive and have 31 bits. */
const idBits = 31;

/** An object in one of the kernel's tables of ids. */
export interface TableEntry {
	id: number;
	/** Address of the object. */
	object: bigint;
}

/**
 * The objects of a `struct idr`, which is an XArray (K: include/linux/xarray.h).
 * @throws Unreadable when it is not one, or has more than 16,384 objects
 */
export function tableEntries(space: AddressSpace, table: bigint, fields: Fields): TableEntry[] {
	const first = space.bytes(table + BigInt(fields["idr.idr_base"].offset), 4).readUInt32LE();
	const pending: Pending[] = [
		{ entry: space.u64(table + BigInt(fields["idr.idr_rt.xa_head"].offset)), id: first, below: undefined },
	];
	const found: TableEntry[] = [];
	let nodes = 0;
	for (let next = pending.pop(); next; next = pending.pop()) {
		const { entry, id, below } = next;
		if (isNode(entry)) {
			if (++nodes > maxNodes) throw new Unreadable(`a table has more than ${maxNodes} nodes`);
			pending.push(...slots(space, entry - 2n, fields, id, below));
		} else if (entry !== 0n && (entry & 3n) === 0n) {
			if (found.length >= maxEntries) throw new Unreadable(`a table has more than ${maxEntries} objects`);
			found.push({ id, object: entry });
		}
		// All else are marks of the table itself: an id that is reserved and has no object yet.
	}
	return found.sort((a, b) => a.id - b.id);
}

interface Pending {
	entry: bigint;
	/** The first that the entry covers. */
	id: number;
	/** `shift` of the node that the entry is in. */
	below: number | undefined;
}

/** The entries of a node, which lies one level below its parent: so no walk is endless. */
function slots(
	space: AddressSpace,
	node: bigint,
	fields: Fields,
	id: number,
	below: number | undefined,
): Pending[] {
	const { offset, size } = fields["xa_node.slots"];
	const bits = Math.log2(size / 8);
	const shift = space.bytes(node + BigInt(fields["xa_node.shift"].offset), 1).readUInt8();
	if (below === undefined ? shift % bits !== 0 || shift >= idBits : shift !== below - bits)
		throw new Unreadable(`a node of a table has shift ${shift}`);
	const entries = space.bytes(node + BigInt(offset), size);
	return Array.from({ length: size / 8 }, (_, slot) => ({
		entry: entries.readBigUInt64LE(slot * 8),
		id: id + slot * 2 ** shift,
		below: shift,
	})).filter(({ entry }) => entry !== 0n);
}

/** xa_is_node(): marks of the table itself are smaller. */
const isNode = (entry: bigint) => (entry & 3n) === 2n && entry > 4096n;
