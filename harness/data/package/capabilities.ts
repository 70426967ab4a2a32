// SPDX-License-Identifier: Apache-2.0
import type { CapabilityRecord } from "../../base/results.js";
import type { capabilityReasons } from "../reasons/registry/capability.js";
import { reason } from "../reasons/registry/registry.js";
import { mayReturnOtherThan } from "./elf/return-value.js";
import type { ProgramSettings } from "./manifest/manifest.js";
import { wildcard } from "./manifest/wildcard.js";
import type { ProgramFacts } from "./object.js";
import type { Package, PackageObject } from "./package.js";

type Code = keyof typeof capabilityReasons;

const callsOf: Partial<Record<Code, readonly string[]>> = {
	"capability-write-user-memory": ["probe_write_user"],
	"capability-override-return": ["override_return"],
	"capability-send-signal": ["send_signal", "send_signal_thread", "bpf_send_signal_task"],
	"capability-call-bpf": ["sys_bpf"],
};

/** Places through which a machine is inspected: who runs there can hide or falsify. */
const places: readonly { code: Code; calls: readonly string[]; functions: string; lsm?: RegExp }[] = [
	{
		code: "capability-hook-bpf",
		calls: ["bpf"],
		functions: `bpf_prog_load bpf_check map_create bpf_map_new_fd bpf_prog_new_fd bpf_obj_get_info_by_fd
			bpf_prog_get_info_by_fd bpf_map_get_info_by_fd bpf_obj_get_next_id bpf_prog_get_curr_or_next
			bpf_map_get_curr_or_next bpf_link_get_curr_or_next bpf_prog_get_fd_by_id bpf_prog_query
			security_bpf security_bpf_prog security_bpf_map bpf_prog_show_fdinfo bpf_map_show_fdinfo`,
		lsm: /^bpf($|_)/,
	},
	{
		code: "capability-hook-directories",
		calls: ["getdents", "getdents64", "old_readdir"],
		functions: "iterate_dir filldir filldir64 fillonedir compat_filldir proc_pid_readdir proc_fill_cache",
	},
	{
		code: "capability-hook-sockets",
		calls: [],
		functions: `tcp4_seq_show tcp6_seq_show udp4_seq_show udp6_seq_show inet_sk_diag_fill inet_diag_dump_icsk
			sock_diag_rcv sock_diag_rcv_msg netlink_dump netlink_recvmsg`,
	},
];

/** What the programs of a package may do to a machine, as their instructions and sections show. */
export function capabilitiesOf({ objects }: Pick<Package, "objects">): CapabilityRecord[] {
	return objects.flatMap((object) =>
		object.programs.flatMap((program) =>
			[...shown(object, program)].map(([code, how]) => ({
				case: code.replace("-", "/"),
				object: object.file,
				program: program.name,
				reason: reason(code, { program: program.name, how }),
			})),
		),
	);
}

function shown(object: PackageObject, program: ProgramFacts): Map<Code, string> {
	const found = new Map<Code, string>();
	const { meaning, uses } = program;
	const called = [...uses.helpers, ...uses.kfuncs];
	for (const [code, names] of Object.entries(callsOf)) {
		const calls = called.filter((name) => names.includes(name));
		if (calls.length > 0)
			found.set(
				code as Code,
				`calls ${calls.map((name) => `bpf_${name.replace(/^bpf_/, "")}`).join(" and ")}`,
			);
	}
	if (!meaning) return found;
	const settings = object.settings.programs?.[program.name];
	if (meaning.attachType === "modify_return" && !found.has("capability-override-return"))
		found.set("capability-override-return", "is attached as fmod_ret");
	// What allows everything: 0, of a program for cgroups 1.
	const allows = meaning.attachType === "lsm_cgroup" ? 1 : 0;
	if (meaning.type === "lsm" && mayReturnOtherThan(allows, object.elf, program))
		found.set("capability-lsm-deny", `is an LSM program that does not always return ${allows}`);
	for (const target of targetsOf(program, settings)) {
		if (/^(raw_syscalls\/)?sys_(enter|exit)$/.test(target) && meaning.attachesTo === "tracepoint")
			found.set("capability-hook-system-calls", `is attached to ${target}`);
		for (const place of places)
			if (isAt(place, meaning.attachesTo, target)) found.set(place.code, `is attached to ${target}`);
	}
	return found;
}

/** Functions, tracepoints and hooks that a program names, `vfs_read+0x8` without its offset. */
function targetsOf({ meaning }: ProgramFacts, settings: ProgramSettings | undefined): string[] {
	const { attach, target } = settings ?? {};
	const named = [meaning?.target, attach?.symbol, target?.program ? undefined : target?.function];
	return named.flatMap((name) => (name ? [name.replace(/\+(0x)?[0-9a-f]+$/, "")] : []));
}

function isAt({ calls, functions, lsm }: (typeof places)[number], kind: string, target: string): boolean {
	const matches = wildcard(target);
	switch (kind) {
		case "function":
			return [...functions.split(/\s+/), ...calls.flatMap(entries)].some(matches);
		case "system_call":
			return calls.some(matches);
		case "tracepoint":
			return calls.some((call) =>
				["enter", "exit"].some(
					(end) => target === `syscalls/sys_${end}_${call}` || target === `sys_${end}_${call}`,
				),
			);
		case "lsm_hook":
			return lsm?.test(target) ?? false;
		default:
			return false;
	}
}

/** Functions through which a system call is entered, on all architectures. */
function entries(call: string): string[] {
	const prefixes = ["sys_", "__sys_", "ksys_", "__do_sys_", "__se_sys_", "__x64_sys_", "__ia32_sys_"];
	return [...prefixes, "__ia32_compat_sys_", "__arm64_sys_", "__s390x_sys_"].map((prefix) => prefix + call);
}
