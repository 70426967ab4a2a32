// SPDX-License-Identifier: Apache-2.0

/** What a kernel was seen to admit under a delegation. */
export interface Admitted {
	/** Program types that loaded, each with the attach types that it loaded with. */
	programs: ReadonlyMap<string, readonly string[]>;
	maps: readonly string[];
	commands: readonly string[];
	/** Program types that loaded with a call of bpf_probe_read_kernel. */
	readsKernel: readonly string[];
	/** Program types that loaded with a call of bpf_probe_write_user. */
	writesUser: readonly string[];
}

/** Something that a user can do, and what lets him. */
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

/**
 * What programs are for, by type; whether they get to their hook is another question, which
 * `attaching` answers.
 */
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
		sentence: "can refuse connections or send them elsewhere",
		programs: ["cgroup_sock", "cgroup_sock_addr", "sk_lookup", "sk_reuseport", "sk_msg", "sock_ops"],
	},
	{
		sentence:
			"watches functions, system calls and events of all processes of the machine, containers and host alike",
		programs: tracing,
	},
	{
		sentence: "can refuse what processes ask of the kernel, or turn its answers into others",
		programs: ["lsm"],
	},
	{
		sentence: "can refuse what processes ask of the kernel, or turn its answers into others",
		programs: ["tracing"],
		attachments: ["modify_return"],
	},
	{
		sentence: "decides on devices, settings and socket options of the processes in a cgroup",
		programs: ["cgroup_device", "cgroup_sysctl", "cgroup_sockopt"],
	},
	{
		sentence: "can take the place of parts of the kernel: congestion control, scheduler, input devices",
		programs: ["struct_ops"],
	},
	{ sentence: "can replace functions of other eBPF programs that it holds", programs: ["ext"] },
	{ sentence: "can make calls of bpf(2) from within the kernel", programs: ["syscall"] },
	{ sentence: "can send scan codes of remote controls", programs: ["lirc_mode2"] },
];

/** What a user can do with what was admitted, the most far-reaching first. */
export function abilities({ programs, maps, commands, readsKernel, writesUser }: Admitted): Ability[] {
	const found = new Map<string, Set<string>>();
	const add = (sentence: string, by: string) => {
		const names = found.get(sentence) ?? new Set();
		found.set(sentence, names.add(by));
	};
	for (const type of readsKernel)
		add(
			"reads any memory of the kernel, and so of every process: keys, passwords, other containers' data",
			type,
		);
	for (const type of writesUser)
		add(
			"writes into the memory of whichever process its program runs in: takes over processes of others",
			type,
		);
	for (const { sentence, programs: types, attachments } of rules)
		for (const type of types) {
			const loadedWith = programs.get(type);
			if (!loadedWith || (attachments && !attachments.some((each) => loadedWith.includes(each)))) continue;
			add(sentence, type);
		}
	if (commands.includes("btf_get_fd_by_id"))
		add("reads the types of every eBPF program and module that is loaded", "btf_get_fd_by_id");
	for (const map of maps) add("takes memory of the kernel for maps, as far as its cgroup's limit goes", map);
	return [...found].map(([sentence, by]) => ({ sentence, by: [...by] }));
}

/**
 * How programs that were loaded with a token get to their hooks: the token grants loading and no
 * more.
 */
export const attaching: readonly { programs: readonly string[]; sentence: string }[] = [
	{
		programs: ["kprobe", "tracepoint", "perf_event"],
		sentence:
			"attached through perf_event_open(2), for which the kernel asks CAP_PERFMON of the initial user namespace",
	},
	{
		programs: ["raw_tracepoint", "raw_tracepoint_writable", "tracing", "lsm"],
		sentence: "attached by bpf(2) without another question: whoever loads it has it running",
	},
	{
		programs: ["xdp", "sched_cls", "sched_act", "netfilter", "flow_dissector", "sk_lookup"],
		sentence: "attached in a network namespace that the user's own user namespace has made",
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
