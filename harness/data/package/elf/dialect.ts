// SPDX-License-Identifier: Apache-2.0
import { meaningByRule, meaningOf, type SectionMeaning, type SectionRule, sectionRules } from "./section.js";

/** Loaders whose reading a package may count on; `libbpf` is 1.x, `libbpf-legacy` before (0.8). */
export const dialects = ["libbpf", "cilium/ebpf", "aya", "libbpf-legacy"] as const;
export type Dialect = (typeof dialects)[number];

/** The dialect of that name; undefined for no name, or an unknown one. */
export function dialectOf(name: string | undefined): Dialect | undefined {
	return dialects.find((dialect) => dialect === name);
}

/** Which programs libbpf before 1.0 took only by their exact name; all others by prefix. */
const exactInLegacy = /^(tc|tcx|netkit|netfilter|syscall|xdp\.frags|xdp)(\/|$)/;

/** aya's names (aya-obj, `ProgramSection`); all but the last line with anything behind a slash. */
const ayaNames = `
	kprobe kretprobe uprobe uprobe.s uprobe.multi uprobe.multi.s uretprobe uretprobe.s uretprobe.multi
	uretprobe.multi.s tp_btf tracepoint tp raw_tp raw_tracepoint lsm lsm.s lsm_cgroup fentry fentry.s fexit
	fexit.s freplace iter iter.s socket sk_msg sk_lookup sockops classifier lirc_mode2 perf_event flow_dissector
	sk_skb/stream_parser sk_skb/stream_verdict cgroup_skb/ingress cgroup_skb/egress cgroup/skb cgroup/sysctl
	cgroup/dev cgroup/getsockopt cgroup/setsockopt cgroup/sock cgroup/post_bind4 cgroup/post_bind6
	cgroup/sock_create cgroup/sock_release cgroup/bind4 cgroup/bind6 cgroup/connect4 cgroup/connect6
	cgroup/getpeername4 cgroup/getpeername6 cgroup/getsockname4 cgroup/getsockname6 cgroup/sendmsg4
	cgroup/sendmsg6 cgroup/recvmsg4 cgroup/recvmsg6 xdp/cpumap xdp/devmap xdp.frags/cpumap xdp.frags/devmap
	sk_reuseport/migrate
`
	.trim()
	.split(/\s+/);
const ayaExact = ["xdp", "xdp.frags", "sk_reuseport"];

/** What an ELF section means to a loader; undefined when it gives such a program no type. */
export function meaningIn(dialect: Dialect, section: string): SectionMeaning | undefined {
	switch (dialect) {
		case "libbpf":
			return meaningOf(section);
		case "cilium/ebpf":
			// It drops the `?` and loads the program like any other.
			return byPrefix(section.replace(/^\?/, ""), ({ open }) => !open);
		case "libbpf-legacy":
			return legacy(section);
		case "aya": {
			const name = ayaExact.includes(section)
				? section
				: ayaNames.find((known) => section === known || section.startsWith(`${known}/`));
			return name === undefined ? undefined : (meaningOf(section) ?? meaningOf(name));
		}
	}
}

function legacy(section: string): SectionMeaning | undefined {
	const { autoload, name } = named(section);
	const exact = ({ section, open }: SectionRule) =>
		open || (exactInLegacy.test(section) && section !== "xdp");
	for (const [prefix, stands] of legacyNames)
		if (name.startsWith(prefix)) return { ...meaningOf(stands)!, autoload };
	const meaning = byPrefix(name, (rule) => !exact(rule));
	return meaning && { ...meaning, autoload };
}

/** Names that libbpf 1.0 dropped, and what they are called since. */
const legacyNames = [
	["xdp_devmap/", "xdp/devmap"],
	["xdp_cpumap/", "xdp/cpumap"],
] as const;

function named(section: string): { name: string; autoload: boolean } {
	const autoload = !section.startsWith("?");
	return { name: autoload ? section : section.slice(1), autoload };
}

/** The first rule of the table that covers a name, of those `sloppy` ones by prefix. */
function byPrefix(name: string, sloppy: (rule: SectionRule) => boolean): SectionMeaning | undefined {
	const rule = sectionRules.find(
		(candidate) =>
			candidate.section === name ||
			(candidate.open && name.startsWith(`${candidate.section}/`)) ||
			(sloppy(candidate) && name.startsWith(candidate.section)),
	);
	return rule && meaningByRule(rule, name, true);
}

/** What other loaders that know a section take it for: `cilium/ebpf loads it as xdp`. */
export function otherLoaders(dialect: Dialect, section: string): { dialect: Dialect; type: string }[] {
	return dialects.flatMap((other) => {
		const meaning = other === dialect ? undefined : meaningIn(other, section);
		return meaning ? [{ dialect: other, type: meaning.type }] : [];
	});
}

/**
 * The meaning of a type's programs, whatever their section. @param attachType default: the usual
 * one
 * @returns undefined when there is no such program, or the type alone does not say which it is
 */
export function meaningOfType(type: string, attachType?: string): SectionMeaning | undefined {
	const fitting = sectionRules.filter(
		(rule) => rule.type === type && (attachType === undefined || rule.attachType === attachType),
	);
	if (attachType === undefined && needsAttachType.includes(type)) return undefined;
	const [rule] = fitting.sort((a, b) => rank(a, type) - rank(b, type));
	return rule && meaningByRule(rule, rule.section, true);
}

/** Program types whose programs differ by attach type, and have no usual one. */
export const needsAttachType: readonly string[] = ["tracing", "cgroup_sock_addr", "cgroup_sockopt"];

/** The rule of a section named after its type comes first, then that of the shortest name. */
function rank({ section, sleepable }: SectionRule, type: string): number {
	return (section === type ? 0 : section.length) + (sleepable ? 1000 : 0);
}
