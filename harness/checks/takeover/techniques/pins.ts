// SPDX-License-Identifier: Apache-2.0
import { openPin, pin } from "../../../machine/guest/bpf-objects.js";
import { pinPath, type Stage } from "../stage.js";
import type { Effect, Technique } from "../technique.js";
import { linkKinds } from "./links.js";

const bpffs = "/sys/fs/bpf";

/** Whether nothing is found under the path any more. */
async function pathLost({ guest }: Stage): Promise<Effect> {
	const handle = await openPin(guest.client, pinPath);
	if (handle !== undefined) await guest.client.call("close", { handle });
	return {
		took: handle === undefined,
		shown: `${pinPath} leads to ${handle === undefined ? "nothing" : "an object"}`,
	};
}

export const pinTechniques: readonly Technique[] = [
	{
		name: "pin-removed",
		group: "way",
		summary: "deletes the pin, which alone keeps the link",
		needs: "root",
		kinds: linkKinds,
		holds: ["pinned"],
		betrayedBy: ["inotify", "bpf", "poll"],
		advice: "watch the folder of the pins with inotify(7), and hold the link in a process too",
		async carryOut({ guest }) {
			await guest.client.call("file_remove", { path: pinPath });
			return { call: "unlink", errno: 0 };
		},
	},
	{
		name: "bpffs-mounted-over",
		group: "way",
		summary: "mounts another bpffs over the one with the pins, which no path leads to then",
		needs: "root",
		kinds: linkKinds,
		holds: ["pinned"],
		betrayedBy: ["mountinfo", "poll"],
		advice: "watch /proc/self/mountinfo with poll(2), and keep a file descriptor of the folder",
		async carryOut(stage) {
			const { client } = stage.guest;
			await client.call("mount", { source: "bpf", target: bpffs, fstype: "bpf" });
			return { call: "mount", errno: 0, effect: () => pathLost(stage) };
		},
	},
	{
		name: "pin-exchanged",
		group: "way",
		summary: "deletes the pin and pins another object under the same path, so that the path still exists",
		needs: "root",
		kinds: linkKinds,
		holds: ["pinned"],
		betrayedBy: ["inotify", "bpf", "poll"],
		advice: "compare the id of what is pinned, not only that the path exists",
		async carryOut({ guest, program }) {
			const { client } = guest;
			await client.call("file_remove", { path: pinPath });
			return { call: "BPF_OBJ_PIN", errno: await pin(client, program, pinPath) };
		},
	},
];
