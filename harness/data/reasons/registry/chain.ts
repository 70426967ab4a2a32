// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

const reported = "report it with the package and the kernel";
const times = (count: number) => (count === 1 ? "once" : `${count} times`);

/** What the chain check reports about members and their order. */
export const chainReasons = defineReasons({
	"mechanism-unsupported": {
		message: "the kernel is too old for every mechanism that can build the chain",
		hint: "leave the kernel out of the manifest (kernels.from, kernels.requires)",
	},
	"mechanism-disabled": {
		message: "every mechanism that can build the chain is disabled in this kernel",
		hint: "build or boot the kernel with the mechanism, or leave it out of the manifest",
	},
	"mechanism-module-absent": {
		message: "the module that the chain's mechanism needs is not installed",
		hint: "install the module, or leave kernels without it out of the manifest",
	},
	"chain-configured": {
		message: (f: { chain: string; differences: string }) =>
			`${f.chain} is not in the declared order: ${f.differences}`,
		hint: (f: { mechanism: string }) =>
			`declare the members in the order in which they should run, or change their priorities (${f.mechanism}, docs/chains.md)`,
	},
	"chain-executed": {
		message: (f: { chain: string; packet: string; differences: string }) =>
			`${f.packet} did not meet ${f.chain} as declared: ${f.differences}`,
		hint: "compare the members that the packet met with the declared ones in the picture",
	},
	"member-never-ran": {
		message: (f: { member: string; position: number; packets: number; stopped: string }) =>
			`${f.member}: expected at position ${f.position}, never ran; the furthest of ${f.packets} packets ${f.stopped}`,
		hint: "fix the member that ends the chain early, or give the chain a packet that reaches every member (chains[].packets)",
	},
	"chain-order": {
		message: (f: { when: string; difference: string; more: number }) =>
			`${f.when}: ${f.difference}${f.more > 0 ? ` (and ${f.more} more)` : ""}`,
		hint: "compare the evidence with the mechanism's rules in docs/chains.md, and check for other programs on the hook",
		meaning: "after a change, the chain is not as its mechanism promises",
	},
	"chain-unreached": {
		message: (f: { chain: string; stoppers: readonly string[] }) =>
			f.stoppers.length > 0
				? `packets do not get past ${f.stoppers.join(" and ")}, as ${f.chain}/executed reports`
				: `packets reach no member, as ${f.chain}/executed reports`,
		hint: (f: { chain: string }) => `fix what ${f.chain}/executed reports first`,
		meaning: "packets did not come as far as this case needs, as the case executed reports",
	},
	"chain-refused": {
		message: (f: { entry: string; chain: string; call: string; errno: string; said?: string }) =>
			`the kernel refused ${f.entry} in ${f.chain}: ${f.call} returned ${f.errno}${f.said ? ` (${f.said})` : ""}`,
		hint: "see the load check for programs that do not load, and check for other programs on the hook",
	},
	"chain-changes-packet": {
		message: (f: { entry: string; chain: string; call: string; errno: string }) =>
			`${f.entry} may change the packet or makes tail calls, and the dispatcher of ${f.chain} does neither: this kernel refuses such an extension (${f.call} returned ${f.errno})`,
		hint: "build the chain with libxdp 1.5.5 or newer, whose dispatcher allows it (bpfgate uses the libxdp-dev that is installed), or with another mechanism",
		meaning: "a member changes packets, and the dispatcher is of an older libxdp",
	},
	"chain-unbuilt": {
		message: (f: { reported: string }) => `the chain was not built, as ${f.reported} reports`,
		hint: (f: { reported: string }) => `fix what ${f.reported} reports first`,
	},
	"chain-pin-unloaded": {
		message: (f: { users: readonly string[]; path: string }) =>
			`the maps of ${f.users.join(" and ")} were not loaded, so what is pinned at ${f.path} was not compared`,
		hint: "see the load check for maps that the kernel refuses",
	},
	"chain-pin-mismatch": {
		message: (f: { users: readonly string[]; path: string; differences: readonly string[] }) =>
			`${f.users.join(" and ")} both pin a map at ${f.path}, but their definitions differ: ${f.differences.join("; ")}`,
		hint: "give the maps the same type, sizes and flags, or pin them at different paths, as the packages' loaders do (objects[].pin_root, maps.<name>.pinning)",
		meaning: "members pin maps of different definitions at one path",
	},
	"chain-pin-next": {
		message: (f: { users: readonly string[]; path: string }) =>
			`${f.users.join(" and ")} pin their prog_array at one path, ${f.path}: slot 0 of one array cannot lead to two next members`,
		hint: "pin the array of each member at its own path, as the loader does: set objects[].pin_root (l3afd: interface/program/version)",
		meaning: "members of a chain of tail calls share the prog_array that leads to the next member",
	},
	"chain-cannot": {
		message: (f: { lack: string; call: string; errno: string }) =>
			`${f.lack} (${f.call} returned ${f.errno})`,
		hint: "change the chain only while it is not in use on this kernel",
		meaning: "the kernel cannot make this change to such a chain",
	},
	"chain-window": {
		message: (f: { member: string; times: number; packets: number; wrong: string }) =>
			`${f.member} was replaced and restored ${times(f.times)} while ${f.packets} packets passed: ${f.wrong}`,
		hint: "change the chain while no packets pass, or use a mechanism that replaces a program in one step",
		meaning: "packets met a half-changed chain while a member was replaced",
	},
	"chain-promise": {
		message: (f: {
			relying: readonly string[];
			chain: string;
			promise: string;
			expected: string;
			seen: string;
		}) =>
			`${f.relying.join(" and ")} in ${f.chain} ${f.relying.length === 1 ? "relies" : "rely"} on a promise that this kernel breaks: ${f.promise}; expected ${f.expected}, found ${f.seen}`,
		hint: "use another approach on this kernel, or leave it out of the manifest (kernels.from)",
		meaning: "a program of the chain relies on a promise that the kernel breaks (bpfgate kernels qualify)",
	},
	"chain-promise-unknown": {
		message: (f: { chain: string }) =>
			`the kernel's answers on tail calls, which ${f.chain} relies on, are not available`,
		hint: "run bpfgate kernels qualify",
	},
	"loader-unfollowed": {
		message: (f: { mechanism: string; followed: readonly string[] }) =>
			`bpfgate cannot inspect chains that a loader builds by ${f.mechanism}, only by ${f.followed.join(", ")}`,
		hint: "remove the loader from the manifest to have bpfgate build the chain",
	},
	"loader-failed": {
		message: (f: { command: string; ended: string }) => `${f.command} ${f.ended}`,
		hint: "add the loader's libraries and dynamic linker to loader.files, or link it statically: the guest has no other files",
		meaning: "the loader of the chain failed",
	},
	"loader-priority": {
		message: (f: { command: string; chain: string; differences: readonly string[] }) =>
			`${f.command} built ${f.chain} with priorities that differ from the manifest: ${f.differences.join("; ")}`,
		hint: "give the members the priorities that their objects or the loader's settings give them",
	},
	"loader-impostor": {
		message: (f: {
			command: string;
			chain: string;
			program: number;
			name: string;
			tag: string;
			expected: string;
		}) =>
			`${f.command} attached program ${f.program} to ${f.chain}, which is named ${f.name} and is not the package's: its instructions have the tag ${f.tag}, expected ${f.expected}`,
		hint: "load the objects of the package as they are, also from a loader of its own",
		meaning: "the loader of the chain attached a program that only has the name of a member",
	},
	"list-contradicted": {
		message: (f: { chain: string; packet: string; first: string; second: string }) =>
			`${f.packet} met ${f.first} before ${f.second} of ${f.chain}, and the kernel's list of the hook says the opposite: something in the guest changes what the agent reads`,
		hint: "remove what rewrites the answers of bpf() or rtnetlink while the chain is built",
		meaning: "the order in which packets met the programs contradicts the list of the hook",
	},
	"chain-unrecorded": {
		message: (f: { program: number }) =>
			`the program ${f.program} on the hook has no BTF, so its runs cannot be recorded`,
		hint: "keep the BTF of the objects when they are loaded",
	},
	"recorder-refused": {
		message: (f: { what: string; errno: string; log: string }) =>
			`the kernel refused ${f.what}: ${f.errno}${f.log === "" ? "" : ` (${f.log})`}`,
		hint: "rebuild the objects with -g: only programs with BTF that are not tracing programs can be recorded",
		meaning: "the kernel refused a program that records the runs of members",
	},
	"recorder-overrun": {
		message: (f: { lost: number }) => `${f.lost} runs of members were lost: the ring buffer was full`,
		hint: "report this defect of bpfgate",
	},
	"packets-refused": {
		message: (f: { sent: number; tried: number; errno: string }) =>
			`the guest sent only ${f.sent} of ${f.tried} packets to the hook: ${f.errno}`,
		hint: "report it with the packets",
	},
	"calls-refused": {
		message: (f: { errno: string }) => `the guest could not open a socket for the chain: ${f.errno}`,
		hint: "check that the kernel was booted with this address family",
	},
	"cgroup-unknown": {
		message: (f: { what: string; errno: string }) =>
			`the kernel refused ${f.what} on a new cgroup: ${f.errno}`,
		hint: "report this defect of bpfgate or of the kernel",
	},
	"neighbour-refused": {
		message: (f: { list: string; errno: string }) =>
			`the kernel refused bpfgate's own program on ${f.list} of a new device: ${f.errno}`,
		hint: "report this defect of bpfgate or of the kernel",
	},
	"no-dispatcher": {
		message: (f: { program: number }) =>
			`the program ${f.program} on the device is not a libxdp dispatcher of version 2 or newer`,
		hint: "build the chain with libxdp 1.3 or newer, or with another mechanism",
	},
	"link-stays": {
		message: (f: { entry: string; looks: number }) =>
			`${f.entry} was unpinned from its dispatcher slot and still runs there after ${f.looks} looks`,
		hint: "run again on a machine that is less busy, and report it with the kernel if it happens again",
	},
	"libxdp-missing": {
		message: (f: { path: string }) => `${f.path} is not built; dispatcher chains need libxdp`,
		hint: "install libxdp-dev (Fedora: libxdp-devel libxdp-static) and run ci/setup",
	},
	"libxdp-lost": {
		message: (f: { request: string; ended: string; output: string }) =>
			`libxdp did not finish ${f.request} (${f.ended}): ${f.output}`,
		hint: reported,
	},
	"libxdp-failed": {
		message: (f: { kernel: string; why: string; errno: string }) =>
			`libxdp could not report whether kernel ${f.kernel} supports a dispatcher: ${f.why} (${f.errno})`,
		hint: "report it; the package is not to blame",
	},
	"dispatcher-stuck": {
		message: (f: { errno: string; output: string }) =>
			`libxdp cannot remove its dispatcher: ${f.errno} ${f.output}`,
		hint: reported,
	},
});
