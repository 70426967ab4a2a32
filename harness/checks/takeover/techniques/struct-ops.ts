// SPDX-License-Identifier: Apache-2.0
import { EEXIST } from "../../../base/errno.js";
import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import { infoOf, openById, withId } from "../../../machine/guest/bpf-objects.js";
import { GuestError } from "../../../machine/guest/guest-error.js";
import { congestionMap } from "../points.js";
import type { Technique } from "../technique.js";

export const structOpsTechniques: readonly Technique[] = [
	{
		name: "struct-ops-deleted",
		group: "hook",
		summary: "opens the struct_ops map by its id and deletes its one element, which unregisters it",
		needs: "root",
		kinds: ["struct_ops"],
		betrayedBy: ["poll"],
		advice: "register it by a link (6.4): the kernel answers EOPNOTSUPP then",
		async carryOut({ guest: { client }, program }) {
			const map = { handle: program.handle, map: congestionMap };
			const id = (await infoOf(client, map, 8)).info.u32(4);
			const attr = (handle: number) => new BpfAttr(32).fd(0, { handle }).pointer(8, new Uint8Array(4));
			const answer = await withId(client, "map", id, (handle) =>
				bpf(client, "map_delete_elem", attr(handle)),
			);
			if (!answer) throw new Error(`map ${id} is gone`);
			return { call: "BPF_MAP_DELETE_ELEM", errno: answer.errno };
		},
	},
	{
		name: "struct-ops-updated",
		group: "hook",
		summary: "opens the link by its id and puts another struct_ops map into it; the link's id stays the same",
		needs: "root",
		kinds: ["struct_ops"],
		holds: ["link"],
		betrayedBy: ["bpf", "poll"],
		advice: "compare the map's id inside the link, not only the link's id",
		intruder: () => ({ verdict: 0 }),
		async carryOut({ guest: { client }, link }, intruder) {
			const handle = await openById(client, "link", link!.id);
			if (handle === undefined) throw new Error(`link ${link!.id} is gone`);
			const map = { handle: intruder.handle, map: congestionMap };
			// Fills the map before it fails: another of that name is registered (EEXIST).
			const wanted = { object: intruder.handle, map: congestionMap, hook: "auto" };
			await client.call("attach", wanted).catch((error: unknown) => {
				if (!(error instanceof GuestError) || error.errno !== EEXIST) throw error;
			});
			const { errno } = await bpf(client, "link_update", new BpfAttr(16).fd(0, { handle }).fd(4, map));
			await client.call("close", { handle });
			return { call: "BPF_LINK_UPDATE", errno };
		},
	},
];
