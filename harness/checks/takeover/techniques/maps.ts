// SPDX-License-Identifier: Apache-2.0
import { programTypes } from "../../../base/bpf.js";
import { E2BIG, EINVAL, EPERM, errnoName } from "../../../base/errno.js";
import { programKinds } from "../../../data/package/elf/section.js";
import { constantProgram, infoOf, withId } from "../../../machine/guest/bpf-objects.js";
import type { MapStage } from "../map-stage.js";
import type { Attempt, Technique } from "../technique.js";

/** A way to take a map, whatever the hook of the programs that use it. */
export interface MapTechnique extends Omit<Technique, "kinds" | "holds" | "intruder" | "carryOut"> {
	readonly group: "data";
	/** Names of `mapTypes`. */
	readonly types: readonly string[];
	carryOut(stage: MapStage): Promise<Attempt>;
}

type Kind = (typeof programKinds)[number];

const hashes = ["hash", "lru_hash"] as const;
/** Keys that are written one by one to fill a map. */
const mostKeys = 4096;

const inverted = (bytes: Uint8Array) => bytes.map((byte) => ~byte & 0xff);

export const mapTechniques: readonly MapTechnique[] = [
	{
		name: "map-written",
		group: "data",
		summary: "opens the map by its id and writes another value",
		needs: "root",
		types: [...hashes, "array"],
		betrayedBy: ["bpf", "poll"],
		advice: "freeze the map once it is filled, or keep it read-only for system calls (BPF_F_RDONLY)",
		async carryOut(stage) {
			const { keySize, valueSize } = stage.map;
			const [first] = stage.before;
			const key = first?.key ?? new Uint8Array(keySize);
			const value = inverted(first?.value ?? new Uint8Array(valueSize));
			const errno = await stage.write(key, value);
			return { call: "BPF_MAP_UPDATE_ELEM", errno, effect: () => stage.changed() };
		},
	},
	{
		name: "map-emptied",
		group: "data",
		summary: "opens the map by its id and deletes its keys",
		needs: "root",
		types: hashes,
		betrayedBy: ["bpf", "poll"],
		advice: "freeze the map once it is filled, or treat a missing key as a reason to refuse",
		async carryOut(stage) {
			const call = "BPF_MAP_DELETE_ELEM";
			if (stage.before.length === 0) return { call, errno: 0, lack: "the map is empty" };
			let errno = 0;
			for (const { key } of stage.before) errno ||= await stage.remove(key);
			return { call, errno, effect: () => stage.changed() };
		},
	},
	{
		name: "map-filled",
		group: "data",
		summary: "opens the map by its id and adds keys until it is full, so that its owner can add none",
		needs: "root",
		types: ["hash"],
		betrayedBy: ["bpf", "poll"],
		advice: "handle a full map in the program, and watch how full it is",
		async carryOut(stage) {
			const { maxEntries, keySize, valueSize } = stage.map;
			const call = "BPF_MAP_UPDATE_ELEM";
			const room = maxEntries - stage.before.length;
			if (room > mostKeys) return { call, errno: 0, lack: `the map has room for ${room} more keys` };
			if (keySize < 4) return { call, errno: 0, lack: "its keys are shorter than 4 bytes" };
			const value = new Uint8Array(valueSize);
			let errno = 0;
			let number = 0xf0000000;
			while (errno === 0 && number < 0xf0000000 + room) errno = await stage.add(stage.key(number++), value);
			const effect = async () => {
				const refused = await stage.ownWrite(stage.key(number), value);
				return { took: refused === E2BIG, shown: `its owner adds a key: ${errnoName(refused)}` };
			};
			return { call, errno, effect };
		},
	},
	{
		name: "map-frozen",
		group: "data",
		summary: "opens the map by its id and freezes it, so that its owner cannot write it any more",
		needs: "root",
		types: [...hashes, "array"],
		betrayedBy: ["bpf", "poll"],
		advice: "keep a writable mapping of the map: the kernel answers EBUSY then",
		async carryOut(stage) {
			const errno = await stage.freeze();
			const { keySize, valueSize } = stage.map;
			const [first] = stage.before;
			const [key, value] = [first?.key ?? new Uint8Array(keySize), first?.value ?? new Uint8Array(valueSize)];
			const effect = async () => {
				const refused = await stage.ownWrite(key, value);
				const said = refused === 0 ? "done" : errnoName(refused);
				return { took: refused === EPERM, shown: `its owner writes a value: ${said}` };
			};
			return { call: "BPF_MAP_FREEZE", errno, effect };
		},
	},
	{
		name: "slot-emptied",
		group: "data",
		summary: "opens a program array by its id and empties a slot, so that the tail call fails",
		needs: "root",
		types: ["prog_array"],
		betrayedBy: ["bpf", "poll"],
		advice: "decide in the program what happens after a tail call that fails",
		async carryOut(stage) {
			const call = "BPF_MAP_DELETE_ELEM";
			const [first] = stage.before;
			if (!first) return { call, errno: 0, lack: "no slot holds a program" };
			return { call, errno: await stage.remove(first.key), effect: () => stage.changed() };
		},
	},
	{
		name: "slot-replaced",
		group: "data",
		summary:
			"opens a program array by its id and puts another program into a slot, which the tail call enters",
		needs: "root",
		types: ["prog_array"],
		betrayedBy: ["bpf", "poll"],
		advice: "compare the ids of the programs in the array; a frozen array refuses the change",
		async carryOut(stage) {
			const { client } = stage.guest;
			const call = "BPF_MAP_UPDATE_ELEM";
			const [first] = stage.before;
			if (!first) return { call, errno: 0, lack: "no slot holds a program" };
			const id = new DataView(first.value.buffer, first.value.byteOffset).getUint32(0, client.littleEndian);
			const type = await withId(client, "prog", id, async (handle) =>
				programTypes.name((await infoOf(client, { handle }, 4)).info.u32(0)),
			);
			// Newer kernels: programs of one expected attach type only, which no list tells.
			const kinds: Kind[] = [{ type: type ?? "" }, ...programKinds.filter((kind) => kind.type === type)];
			let errno = EINVAL;
			for (const kind of kinds) {
				if (errno !== EINVAL) break;
				const { handle } = await constantProgram(client, kind.type, 0, kind.attachType);
				if (handle !== undefined) errno = await stage.writeProgram(first.key, { handle });
			}
			return { call, errno, effect: () => stage.changed() };
		},
	},
];
