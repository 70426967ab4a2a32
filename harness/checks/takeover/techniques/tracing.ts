// SPDX-License-Identifier: Apache-2.0
import type { Technique } from "../technique.js";

/** _IO('$', 1) of uapi/linux/perf_event.h. */
const PERF_EVENT_IOC_DISABLE = 0x2401;
/** The agent, which holds the program. */
const holder = 1;

const off = Buffer.from("0\n");

export const tracingTechniques: readonly Technique[] = [
	{
		name: "ftrace-off",
		group: "watcher",
		summary: "switches ftrace off (kernel.ftrace_enabled=0), which calls the program at the function's entry",
		needs: "root",
		kinds: ["kprobe", "tracing", "lsm"],
		betrayedBy: ["bpf", "poll"],
		advice: "watch /proc/sys/kernel/ftrace_enabled: the link, its id and its program stay as they are",
		async carryOut({ guest }) {
			await guest.client.call("file_write", { path: "/proc/sys/kernel/ftrace_enabled", data: off });
			return { call: "write to ftrace_enabled", errno: 0 };
		},
	},
	{
		name: "kprobes-disarmed",
		group: "watcher",
		summary: "disarms every kprobe of the machine (/sys/kernel/debug/kprobes/enabled)",
		needs: "root",
		kinds: ["kprobe"],
		betrayedBy: ["bpf", "poll"],
		advice: "watch /sys/kernel/debug/kprobes/enabled, or use fentry, which it does not disarm",
		async carryOut({ guest }) {
			await guest.client.call("file_write", { path: "/sys/kernel/debug/kprobes/enabled", data: off });
			return { call: "write to kprobes/enabled", errno: 0 };
		},
	},
	{
		name: "perf-event-disabled",
		group: "way",
		summary:
			"takes the perf event out of its holder with pidfd_getfd(2) and disables it (PERF_EVENT_IOC_DISABLE)",
		needs: "root",
		kinds: ["perf_event"],
		betrayedBy: ["bpf"],
		advice: "watch pidfd_getfd(2), or count how often the program runs: no list shows a disabled event",
		async carryOut({ guest }) {
			const { client } = guest;
			const { handles } = await client.call("fd_take", { pid: holder, file: "anon_inode:[perf_event]" });
			const call = "PERF_EVENT_IOC_DISABLE";
			if (handles.length === 0) return { call, errno: 0, lack: "its holder has no perf event" };
			let errno = 0;
			for (const handle of handles)
				errno ||= (await client.call("fd_ioctl", { handle, request: PERF_EVENT_IOC_DISABLE })).errno;
			return { call, errno };
		},
	},
];
