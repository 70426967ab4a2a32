// SPDX-License-Identifier: Apache-2.0
import type { Technique } from "../technique.js";

export const processTechniques: readonly Technique[] = [
	{
		name: "process-moved",
		group: "way",
		summary: "moves the process out of the cgroup that has the program, into the root cgroup",
		needs: "root",
		kinds: ["cgroup"],
		betrayedBy: ["bpf"],
		advice:
			"watch who is in the cgroup (cgroup.procs): the program and its link stay as they are, and meet nothing",
		async carryOut({ guest, workload }) {
			const data = Buffer.from(`${workload}\n`);
			await guest.client.call("file_write", { path: "/sys/fs/cgroup/cgroup.procs", data });
			return { call: "write to cgroup.procs", errno: 0 };
		},
	},
];
