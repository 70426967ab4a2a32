// SPDX-License-Identifier: Apache-2.0
import { createMap, freezeMap } from "../../machine/guest/bpf-maps.js";
import type { KernelCase } from "./kernel-case.js";
import type { Keyrings } from "./keyrings.js";
import { always, refused } from "./promise.js";
import type { Observed } from "./scene.js";

const BPF_F_MMAPABLE = 1 << 10;
/** A mapping is of whole pages: of the largest that there are. */
const bytes = 64 * 1024;

/**
 * A frozen map's memory must be nobody's to write, or what a signature covers could change after it
 * was verified.
 */
export const mappingCases: readonly KernelCase[] = [
	{
		name: "freeze-while-mapped",
		promises: always(refused("map-freeze", "EBUSY")),
		run: (world) =>
			withMap(world, async (handle) => {
				const { mapped, frozen } = await world.client.call("map_mmap", { handle, bytes, freeze: true });
				return mapped === 0 ? refusedAt("map-freeze", frozen) : refusedAt("map-fill", mapped);
			}),
	},
	{
		name: "mapped-after-freeze",
		promises: always(refused("map-fill", "EPERM", "EACCES")),
		run: (world) =>
			withMap(world, async (handle) => {
				const { errno } = await freezeMap(world.client, handle);
				if (errno !== 0) return refusedAt("map-freeze", errno);
				return refusedAt("map-fill", (await world.client.call("map_mmap", { handle, bytes })).mapped);
			}),
	},
];

function refusedAt(stage: "map-create" | "map-fill" | "map-freeze", errno = 0): Observed {
	return { stage: errno === 0 ? "installed" : stage, errno, maps: [], programs: [] };
}

/** An array that can be mapped, of one element. */
async function withMap({ client }: Keyrings, use: (handle: number) => Promise<Observed>): Promise<Observed> {
	const made = await createMap(client, { valueSize: bytes, flags: BPF_F_MMAPABLE });
	if (made.fd === undefined) return refusedAt("map-create", made.errno);
	try {
		return await use(made.fd);
	} finally {
		await client.call("close", { handle: made.fd });
	}
}
