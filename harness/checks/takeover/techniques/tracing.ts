// SPDX-License-Identifier: Apache-2.0
import type { Held } from "../../../machine/guest/bpf-attr.js";
import type { Stage } from "../stage.js";
import type { Attempt, Technique } from "../technique.js";

/** _IO('$', 1) and _IOW('$', 8, __u32) of uapi/linux/perf_event.h. */
const PERF_EVENT_IOC_DISABLE = 0x2401;
const PERF_EVENT_IOC_SET_BPF = 0x40042408;
/** The agent, which holds the program. */
const holder = 1;

const off = Buffer.from("0\n");

/** An ioctl of each perf event that the program's holder has. */
async function onPerfEvents(
	{ guest: { client } }: Stage,
	call: string,
	request: number,
	argument?: Held,
): Promise<Attempt> {
	const { handles } = await client.call("fd_take", { pid: holder, file: "anon_inode:[perf_event]" });
	if (handles.length === 0) return { call, errno: 0, lack: "its holder has no perf event" };
	let errno = 0;
	for (const handle of handles) {
		const wanted = { handle, request, ...(argument ? { argument } : {}) };
		errno ||= (await client.call("fd_ioctl", wanted)).errno;
		await client.call("close", { handle });
	}
	return { call, errno };
}

/** Writes 0 into a switch of the machine. */
const switchOff =
	(path: string) =>
	async ({ guest }: Stage): Promise<Attempt> => {
		await guest.client.call("file_write", { path, data: off });
		return { call: `write to ${path}`, errno: 0 };
	};

export const tracingTechniques: readonly Technique[] = [
	{
		name: "ftrace-off",
		group: "watcher",
		summary: "switches ftrace off (kernel.ftrace_enabled=0), which calls the program at the function's entry",
		needs: "root",
		kinds: ["kprobe", "tracing", "lsm"],
		betrayedBy: ["bpf", "poll"],
		advice: "watch /proc/sys/kernel/ftrace_enabled: the link, its id and its program stay as they are",
		carryOut: switchOff("/proc/sys/kernel/ftrace_enabled"),
	},
	{
		name: "kprobes-disarmed",
		group: "watcher",
		summary: "disarms every kprobe of the machine (/sys/kernel/debug/kprobes/enabled)",
		needs: "root",
		kinds: ["kprobe"],
		betrayedBy: ["bpf", "poll"],
		advice: "watch /sys/kernel/debug/kprobes/enabled, or use fentry, which it does not disarm",
		carryOut: switchOff("/sys/kernel/debug/kprobes/enabled"),
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
		carryOut: (stage) => onPerfEvents(stage, "PERF_EVENT_IOC_DISABLE", PERF_EVENT_IOC_DISABLE),
	},
	{
		name: "perf-event-program-set",
		group: "way",
		summary: "takes the perf event out of its holder with pidfd_getfd(2) and gives it another program",
		needs: "root",
		kinds: ["perf_event", "kprobe", "tracepoint"],
		holds: ["link"],
		betrayedBy: ["bpf"],
		advice: "leave it so: the kernel answers EEXIST to a second PERF_EVENT_IOC_SET_BPF",
		intruder: () => ({ verdict: 0 }),
		carryOut: (stage, intruder) =>
			onPerfEvents(stage, "PERF_EVENT_IOC_SET_BPF", PERF_EVENT_IOC_SET_BPF, intruder),
	},
];
