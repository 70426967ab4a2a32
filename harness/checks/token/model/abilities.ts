// SPDX-License-Identifier: Apache-2.0

/** What a kernel allowed under a delegation. */
export interface Admitted {
	/** Program types that loaded, each with the attach types that it loaded with. */
	programs: ReadonlyMap<string, readonly string[]>;
	maps: readonly string[];
	commands: readonly string[];
	/** Program types that loaded with a call to bpf_probe_read_kernel. */
	readsKernel: readonly string[];
	/** Program types that loaded with a call to bpf_probe_write_user. */
	writesUser: readonly string[];
}

/** Something that a user can do, and what allows it. */
export interface Ability {
	sentence: string;
	/** Program types, map types or commands. */
	by: string[];
}

interface Rule {
	sentence: string;
	programs: readonly string[];
	/** Only with one of these attach types. */
	attachments?: readonly string[];
}

const packetHooks = ["xdp", "sched_cls", "sched_act", "netfilter", "lwt_in", "lwt_out", "lwt_xmit"];
const tracing = [
	"kprobe",
	"tracepoint",
	"perf_event",
	"raw_tracepoint",
	"raw_tracepoint_writable",
	"tracing",
	"lsm",
];

/** What programs can do, by type; `attaching` says how they reach their hooks. */
const rules: readonly Rule[] = [
	{ sentence: "sees every packet of the devices in its network namespace", programs: packetHooks },
	{
		sentence: "sees the packets of every process in a cgroup that it may attach to",
		programs: ["cgroup_skb"],
	},
	{ sentence: "sees what arrives at its own sockets", programs: ["socket_filter", "sk_reuseport"] },
	{
		sentence: "can drop, change and redirect packets: stop traffic or answer in another's name",
		programs: [...packetHooks, "cgroup_skb", "lwt_seg6local", "sk_skb", "flow_dissector"],
	},
	{
		sentence: "can refuse or redirect connections",
		programs: ["cgroup_sock", "cgroup_sock_addr", "sk_lookup", "sk_reuseport", "sk_msg", "sock_ops"],
	},
	{
		sentence: "watches functions, system calls and events of all processes, in containers and on the host",
		programs: tracing,
	},
	{
		sentence: "can refuse system calls of processes, or change their results",
		programs: ["lsm"],
	},
	{
		sentence: "can refuse system calls of processes, or change their results",
		programs: ["tracing"],
		attachments: ["modify_return"],
	},
	{
		sentence: "decides on devices, settings and socket options of the processes in a cgroup",
		programs: ["cgroup_device", "cgroup_sysctl", "cgroup_sockopt"],
	},
	{
		sentence: "can replace parts of the kernel: congestion control, scheduler, input devices",
		programs: ["struct_ops"],
	},
	{ sentence: "can replace functions of other eBPF programs that it holds", programs: ["ext"] },
	{ sentence: "can call bpf(2) from within the kernel", programs: ["syscall"] },
	{ sentence: "can send scan codes of infrared remote controls", programs: ["lirc_mode2"] },
];

/** What a user can do, the most far-reaching first. */
export function abilities({ programs, maps, commands, readsKernel, writesUser }: Admitted): Ability[] {
	const found = new Map<string, Set<string>>();
	const add = (sentence: string, by: string) => {
		const names = found.get(sentence) ?? new Set();
		found.set(sentence, names.add(by));
	};
	for (const type of readsKernel)
		add(
			"reads all kernel memory, and so that of every process: keys, passwords, other containers' data",
			type,
		);
	for (const type of writesUser)
		add(
			"writes into the memory of every process that its program runs in: takes over other users' processes",
			type,
		);
	for (const { sentence, programs: types, attachments } of rules)
		for (const type of types) {
			const loadedWith = programs.get(type);
			if (!loadedWith || (attachments && !attachments.some((each) => loadedWith.includes(each)))) continue;
			add(sentence, type);
		}
	if (commands.includes("btf_get_fd_by_id"))
		add("reads the BTF of every loaded eBPF program and module", "btf_get_fd_by_id");
	for (const map of maps) add("uses kernel memory for maps, up to its cgroup's limit", map);
	return [...found].map(([sentence, by]) => ({ sentence, by: [...by] }));
}

/** How programs reach their hooks: a token authorises only loading. */
export const attaching: readonly { programs: readonly string[]; sentence: string }[] = [
	{
		programs: ["kprobe", "tracepoint", "perf_event"],
		sentence: "attached by perf_event_open(2), which needs CAP_PERFMON in the initial user namespace",
	},
	{
		programs: ["raw_tracepoint", "raw_tracepoint_writable", "tracing", "lsm"],
		sentence: "attached by bpf(2) without another check: every user who can load it can run it",
	},
	{
		programs: ["xdp", "sched_cls", "sched_act", "netfilter", "flow_dissector", "sk_lookup"],
		sentence: "attached in a network namespace that belongs to the user's own user namespace",
	},
	{
		programs: [
			"cgroup_skb",
			"cgroup_sock",
			"cgroup_sock_addr",
			"cgroup_device",
			"cgroup_sysctl",
			"cgroup_sockopt",
			"sock_ops",
		],
		sentence: "attached to any cgroup that the user can open",
	},
];
