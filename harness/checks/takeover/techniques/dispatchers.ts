// SPDX-License-Identifier: Apache-2.0
import { pins } from "../../chain/dispatcher/dispatcher-reader.js";
import type { DispatcherStage } from "../dispatcher-stage.js";
import type { Attempt, Technique } from "../technique.js";
import { passing } from "../verdicts.js";

/** A way to take a slot of libxdp's dispatcher. */
export interface DispatcherTechnique extends Omit<Technique, "kinds" | "holds" | "intruder" | "carryOut"> {
	carryOut(stage: DispatcherStage): Promise<Attempt>;
}

export const dispatcherTechniques: readonly DispatcherTechnique[] = [
	{
		name: "member-link-removed",
		group: "way",
		summary:
			"deletes the pin of a dispatcher member's link, which alone keeps it: the slot has its stub again",
		needs: "root",
		betrayedBy: ["inotify", "bpf", "poll"],
		advice: "watch the folders below /sys/fs/bpf/xdp, and the links of extensions",
		async carryOut({ guest: { client } }) {
			const folders = (await client.call("dir_list", { path: pins })).entries;
			for (const { name: folder } of folders.filter(({ name }) => name.startsWith("dispatch-"))) {
				const path = `${pins}/${folder}`;
				const { entries } = await client.call("dir_list", { path });
				for (const { name } of entries.filter((entry) => /^prog\d+-link$/.test(entry.name)))
					await client.call("file_remove", { path: `${path}/${name}` });
			}
			return { call: "unlink", errno: 0 };
		},
	},
	{
		name: "member-swapped",
		group: "way",
		summary: "lets libxdp build another dispatcher that has another program in the member's place",
		needs: "root",
		betrayedBy: ["rtnetlink", "inotify", "bpf", "poll"],
		advice: "compare the programs in the slots: the device has a dispatcher of the same name",
		async carryOut(stage) {
			const by = await stage.load(passing("xdp"), stage.member.runPrio);
			const { errno } = await stage.libxdp.do({ do: "replace", id: stage.member.id, by });
			return { call: "xdp_multiprog__attach", errno };
		},
	},
	{
		name: "member-before",
		group: "way",
		summary: "lets libxdp add a member of a lower run priority, whose verdict ends the dispatcher's list",
		needs: "root",
		betrayedBy: ["rtnetlink", "inotify", "bpf", "poll"],
		advice: "read the dispatcher's configuration: run priorities and chain call actions of all slots",
		async carryOut(stage) {
			const members = [await stage.load(passing("xdp"), stage.member.runPrio - 1)];
			const { errno } = await stage.libxdp.do({ do: "add", members });
			return { call: "xdp_program__attach", errno };
		},
	},
];
