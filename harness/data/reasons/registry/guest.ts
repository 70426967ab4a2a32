// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the kernel's log had, and how many more reports of the kind. */
export interface Logged {
	title: string;
	more: number;
	/** What a WARN() says of itself. */
	message?: string | undefined;
}

const logged = (what: string) => ({
	message: ({ title, more, message }: Logged) =>
		`the kernel's log has ${what}: ${message === undefined ? title : `${message} (${title})`}${more > 0 ? `, and ${more} more of this kind` : ""}`,
	hint: "do not load the package on this kernel until the kernel's report, in the evidence, is understood",
});

const deaths = {
	package: "see the kernel's report in the evidence: the package may be the cause",
	memory: "give the guest more memory (guest.memory in the manifest, or --memory)",
	disk: "make room in the cache, or name another with BPFGATE_CACHE: the disk with the templates is full",
	itself:
		"build virtio_pci and virtio_console into a kernel of your own, or add them with --modules: the guest switched itself off",
	agent:
		"look for a program that denies the guest's agent what it needs, or writes its memory: the guest switched itself off",
	host: "run it again, and check whether QEMU was killed or the host ran out of memory",
};

/** Work that reached a limit of time. */
export interface AtLimit {
	kernel: string;
	seconds: number;
	/** The operation that ran in the guest. */
	operation: string | undefined;
	/** The first case without a result. */
	next: string | undefined;
}

const doing = ({ operation, next }: AtLimit) =>
	`${operation === undefined ? "with no operation in the guest" : `in operation ${operation}`}${next === undefined ? "" : `, before a result for ${next}`}`;

/** What happens to guests: lost ones, panics, the kernel's log, leftovers. */
export const guestReasons = defineReasons({
	"guest-died": {
		message: (f: { kernel: string; how: string }) => `guest ${f.kernel} died: ${f.how}`,
		hint: (f: { by: keyof typeof deaths }) => deaths[f.by] ?? deaths.host,
	},
	"module-refused": {
		message: (f: { kernel: string; module: string; errno: string }) =>
			`kernel ${f.kernel} does not load its module ${f.module}: ${f.errno}`,
		hint: "leave the module out of guest.modules and --module, or leave out the programs that need it",
	},
	"guest-hung": {
		message: (f: { kernel: string; op: string; why: string }) =>
			`guest ${f.kernel} hung in ${f.op}: ${f.why}`,
		hint: "run it again; if it hangs again, see the kernel's console in the evidence",
	},
	"attach-ends-guest": {
		message: (f: { program: string; hook: string; kernel: string; why: string }) =>
			`${f.program} attached to ${f.hook} ended two fresh guests of kernel ${f.kernel}, the second one so: ${f.why}`,
		hint: "check what the program does at each call of process 1, and bound its loops: it stops the machine",
	},
	"vector-ends-guest": {
		message: (f: { vector: string; program: string; kernel: string; why: string }) =>
			`${f.program} ended two fresh guests of kernel ${f.kernel} when ${f.vector} ran, the second one so: ${f.why}`,
		hint: "check what the program writes to the memory of the process that runs it, and bound its loops",
	},
	"cell-timeout": {
		message: (f: AtLimit) =>
			`the work reached its limit of ${f.seconds} s on kernel ${f.kernel}, ${doing(f)}`,
		hint: "raise the limit with --cell-timeout <seconds>, or look for what does not end",
	},
	"package-timeout": {
		message: (f: AtLimit) =>
			`the work on all kernels reached the limit of ${f.seconds} s for this package, on kernel ${f.kernel} ${doing(f)}`,
		hint: "raise the limit with --package-timeout <seconds>, or look for what does not end",
	},
	"cell-hung": {
		message: (f: { kernel: string; times: number; why: string }) =>
			`${f.times} guests hung with this package on kernel ${f.kernel}, the last one so: ${f.why}`,
		hint: "look for loops in the cases that hung; test the others alone",
	},
	"clone-failed": {
		message: (f: { ms: number }) => `the clone gave no answer within ${f.ms} ms`,
		hint: "run it again, or with --cold",
	},
	"kernel-does-not-boot": {
		message: (f: { kernel: string; times: number }) =>
			`kernel ${f.kernel} did not boot ${f.times} times in a row`,
		hint: "see the errors of its first cells, run bpfgate doctor, and test on the kernel alone",
	},
	"guest-clock": {
		message: (f: { kernel: string; times: number }) =>
			`kernel ${f.kernel} measured a wrong clock rate at boot ${f.times} times in a row`,
		hint: "run it again with fewer --jobs: the host is under heavy load",
	},
	"channel-corrupt": {
		message: (f: { kernel?: string; why: string }) =>
			`guest ${f.kernel ?? ""} sent an invalid answer: ${f.why}`.replace("  ", " "),
		hint: "check what the package writes to memory: no answer of this guest counts in this case",
	},
	"user-lost": {
		message: (f: { why: string }) => `the process of a user in the guest is lost: ${f.why}`,
		hint: "run it again; if the kernel log reports that the guest ran out of memory, use smaller maps",
	},
	"guest-file": {
		message: (f: { path: string; bytes: number }) => `${f.path} in the guest has more than ${f.bytes} bytes`,
		hint: "run it again",
	},
	"agent-refused": {
		message: (f: { why: string }) => `the agent in the guest failed: ${f.why}`,
		hint: "run bpfgate doctor, and report this message: the package did not cause it",
	},
	"agent-outdated": {
		message: (f: { op: string }) =>
			`the agent in the guest has no operation ${f.op}: it was built from older sources than bpfgate`,
		hint: "build the agent again: run ci/setup in the checkout, or install the npm package again",
	},
	"socket-not-opened": {
		message: (f: { socket: string; errno: string }) =>
			`${f.socket}, which a vector puts into a map, cannot be opened in the guest: ${f.errno}`,
		hint: "give each socket of the vector file an address and port of its own",
	},
	"map-too-large": {
		message: (f: { map: string }) =>
			`map ${f.map} has more entries than bpfgate reads, so changes by a packet cannot be seen`,
		hint: "give it a smaller max_entries in the manifest, or fewer entries in maps_before",
	},
	leftovers: {
		message: (f: { after: string; left: string }) => `after ${f.after}, the kernel still has ${f.left}`,
		hint: "check for pins or objects that are never removed",
	},

	// The kernel's log. `kernel-` and the kind of the report.
	"kernel-panic": logged("a panic"),
	"kernel-oops": logged("an oops"),
	"kernel-bug": logged("a BUG"),
	"kernel-warn": logged("a warning"),
	"kernel-policy": {
		message: ({ message }: Logged) => `the kernel warns about what the package does: ${message}`,
		hint: "use preallocated hash maps in tracing programs (without BPF_F_NO_PREALLOC) on such kernels",
		meaning: "the kernel warns about what the package does, though it lets it load",
	},
	"kernel-lockup": logged("a lockup"),
	"kernel-rcu-stall": logged("an RCU stall"),
	"kernel-hung-task": logged("a hung task"),
	"kernel-out-of-memory": {
		...logged("an out-of-memory kill"),
		hint: "give the guest more memory (guest.memory in the manifest, or --memory), or the package smaller maps",
	},
	"kernel-silent": {
		message: ({ title }: Logged) => `reports in the kernel's log may be missing: ${title}`,
		hint: "look for a program that refuses writes to /dev/kmsg, or lowers the console's log level",
	},
	"kernel-splat": {
		message: (f: { kernel: string; title: string }) =>
			`kernel ${f.kernel} broke while bpfgate asked for its features: ${f.title}`,
		hint: "see the kernel's console: its answers are not used",
	},

	"agent-deceived": {
		message: (f: { differences: string }) =>
			`bpf() does not say in this guest what the kernel's memory has: ${f.differences}`,
		hint: "find the program that falsifies what bpf() answers: one with bpf_probe_write_user, or an LSM program",
	},

	// The host's view of a guest's kernel.
	"host-view-refused": {
		message: (f: { why: string }) =>
			`this host does not let bpfgate read the memory of its own QEMU: ${f.why}`,
		hint: "set kernel.yama.ptrace_scope to 0 or 1, or give bpfgate CAP_SYS_PTRACE",
	},
	"host-view-unavailable": {
		message: (f: { kernel: string; why: string }) =>
			`the tables of kernel ${f.kernel} cannot be read from outside: ${f.why}`,
		hint: "use an x86-64 kernel from 5.10 on, with CONFIG_KALLSYMS_ALL and CONFIG_DEBUG_INFO_BTF",
	},
	"host-view-invalid": {
		message: (f: { kernel: string; why: string }) =>
			`the memory of guest ${f.kernel} does not hold the tables of its kernel: ${f.why}`,
		hint: "run it again; if it happens again, look for what writes the kernel's memory in this guest",
	},

	interrupted: {
		message: "the run was interrupted before this guest came up",
		hint: "run it again",
	},
	"internal-error": {
		message: (f: { why: string }) => `bpfgate itself failed: ${f.why}`,
		hint: "run it again with BPFGATE_DEBUG=1, and report what it prints",
	},
	"no-finding": {
		message: (f: { case: string }) => `the check reported no result for ${f.case}`,
		hint: "report it: this is a defect of bpfgate",
	},
	"no-reason-given": {
		message: (f: { check: string }) => `the ${f.check} check gave no reason`,
		hint: "report it with the results document: this is a defect of bpfgate",
	},
});
