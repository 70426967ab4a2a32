// SPDX-License-Identifier: Apache-2.0

import {
	EACCES,
	EADDRNOTAVAIL,
	EBADF,
	EBUSY,
	EEXIST,
	EINVAL,
	ENODEV,
	ENOENT,
	ENOMEM,
	ENOTSUPP,
	ENXIO,
	EOPNOTSUPP,
	EPERM,
	ESRCH,
	errnoName,
} from "../../base/errno.js";
import { explainUserAttach } from "./attach-user.js";
import type { AttachFacts, Explanation, FeatureQuestion } from "./facts.js";
import { libbpfLines } from "./libbpf.js";
import type { ExplainedCode } from "./registry/registry.js";
import { explanation, featureWords, quotable } from "./sentence.js";

/** Feature that a hook stands on, by the manifest's name of the hook. */
const hookFeatures: Readonly<Record<string, FeatureQuestion>> = {
	tcx_ingress: "attach_type:tcx_ingress",
	tcx_egress: "attach_type:tcx_egress",
	netkit_primary: "attach_type:netkit_primary",
	netkit_peer: "attach_type:netkit_peer",
	netfilter: "link_type:netfilter",
	xdp: "link_type:xdp",
};

/** Feature that an automatic attachment stands on, by the section's first word. */
const sectionFeatures: Readonly<Record<string, FeatureQuestion>> = {
	lsm: "lsm:bpf",
	"kprobe.multi": "link_type:kprobe_multi",
	"kretprobe.multi": "link_type:kprobe_multi",
	"uprobe.multi": "link_type:uprobe_multi",
	"uretprobe.multi": "link_type:uprobe_multi",
	"kprobe.session": "attach_type:trace_kprobe_session",
	"uprobe.session": "attach_type:trace_uprobe_session",
	fentry: "attach_type:trace_fentry",
	fexit: "attach_type:trace_fexit",
	struct_ops: "link_type:struct_ops",
};

/** By error number, where no message says more: code and words after "… attached to y". */
const byErrno = new Map<number, [ExplainedCode, string]>([
	[EBUSY, ["attach-busy", "something is attached there already that cannot share it"]],
	[EEXIST, ["attach-busy", "something is attached there already"]],
	[ENOENT, ["attach-symbol-missing", "there is no such thing in this kernel"]],
	[ESRCH, ["attach-symbol-missing", "there is no such thing in this kernel"]],
	[ENODEV, ["attach-device-missing", "there is no such device"]],
	[ENXIO, ["attach-device-missing", "the device is of another kind"]],
	[EBADF, ["attach-device-missing", "the target is not of the kind that this hook needs"]],
	[EOPNOTSUPP, ["attach-unsupported", "this way of attaching is not supported"]],
	[ENOTSUPP, ["attach-unsupported", "this way of attaching is not supported"]],
	[EPERM, ["permission", "the caller may not, or what is there may not be replaced"]],
	[EACCES, ["permission", "the caller may not"]],
	[ENOMEM, ["out-of-memory", "there was not enough memory"]],
	[
		EADDRNOTAVAIL,
		["attach-symbol-ambiguous", "the kernel has several functions of that name, and takes none of them"],
	],
]);

/** Messages that tell more than the error number. */
const messages: readonly { code: ExplainedCode; pattern: RegExp; says: string }[] = [
	{
		code: "attach-symbol-ambiguous",
		pattern: /failed to create k(?:ret)?probe '[^']{1,256}'.{0,20} perf event: -EADDRNOTAVAIL/,
		says: "the kernel has several functions of that name, and takes none of them",
	},
	{
		code: "attach-busy",
		pattern:
			/^Kernel error message: .{0,80}(?:can't be active at the same time|already attached|already loaded|already has)/,
		says: "something is attached there already that cannot share it",
	},
	{
		code: "attach-unsupported",
		pattern: /^Kernel error message: .{0,80}(?:does not support XDP|not support|doesn't support)/,
		says: "the device does not support it",
	},
	{
		code: "module-absent",
		pattern:
			/^Kernel error message: .{0,40}(?:qdisc|filter|action|classifier)?.{0,20}(?:kind is unknown|not found)/i,
		says: "the kernel does not know this kind of qdisc or filter, or lacks its module",
	},
	{
		code: "attach-device-missing",
		pattern: /^Kernel error message: .{0,40}Qdisc doesn't exist/i,
		says: "the device has no clsact qdisc",
	},
	{
		code: "attach-symbol-missing",
		pattern:
			/failed to (?:determine tracepoint|create (?:kprobe|kretprobe|tracepoint) '[^']*'.{0,20} perf event|attach to raw tracepoint '[^']*'): -ENOENT|failed to create kprobe .{1,200}: -ENOENT/,
		says: "there is no such function, event or file in this kernel",
	},
];

function featureOfMap({ hook, program }: AttachFacts): FeatureQuestion | undefined {
	const { attach_type: type } = program;
	return hook === "sockmap" && type !== undefined ? `attach_type:${type}` : undefined;
}

function featureOfSection(section: string): FeatureQuestion | undefined {
	const [word = ""] = section.replace(/^\?/, "").split("/", 1);
	return sectionFeatures[word] ?? sectionFeatures[word.replace(/\.s$/, "")];
}

/** Why a program that loaded could not be attached. */
export function explainAttach(facts: AttachFacts): Explanation {
	const { program, errno, hook } = facts;
	const own = (hook === "auto" || hook === "iterator") && !facts.user ? program.section : hook;
	const to = facts.user ? facts.target : `${own}${facts.target === undefined ? "" : ` ${facts.target}`}`;
	const subject = `program ${program.name} could not be attached to ${to}`;
	const said = libbpfLines(facts.libbpfLog, program.name);
	const known = {
		errno_name: errnoName(errno),
		hook,
		...(facts.target === undefined ? {} : { target: facts.target }),
	};

	const special =
		explainSection(facts, subject, known) ??
		explainIterator(facts, subject, known) ??
		explainUntraceable(facts, subject, known) ??
		explainUserAttach(facts, subject, known);
	if (special) return special;
	for (const { code, pattern, says } of messages) {
		const line = said.find((line) => pattern.test(line));
		if (line === undefined) continue;
		const there = code === "attach-symbol-missing" ? similarWords(facts) : { words: "" };
		const words = `${subject}: ${says}${there.words} (${quotable(line)})`;
		return explanation(code, words, { ...known, ...there.facts, kernel_said: line }, there.hint);
	}
	const feature = featureWords(
		featureOfMap(facts) ?? hookFeatures[hook] ?? featureOfSection(program.section),
		facts,
	);
	const state = feature.facts.feature_state;
	if (state !== undefined && state !== "present") {
		const words = `${subject}: this kernel does not have it${feature.words}`;
		return explanation(feature.code ?? "attach-unsupported", words, { ...known, ...feature.facts });
	}
	const table = byErrno.get(errno);
	if (table) return explanation(table[0], `${subject}: ${table[1]} (${errnoName(errno)})`, known);
	const last = said.at(-1);
	const words = errno === EINVAL ? "the kernel found the request invalid" : "the kernel refused";
	return explanation(
		"attach-refused",
		`${subject}: ${words} (${errnoName(errno)})${last === undefined ? "" : `: ${quotable(last)}`}`,
		{ ...known, ...(last === undefined ? {} : { libbpf_said: last }) },
	);
}

/** `SEC("tp/sched_switch")`: libbpf wants a category too, and refuses without a word. */
function explainSection(
	{ program, hook, errno }: AttachFacts,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	const [kind, ...rest] = program.section.replace(/^\?/, "").split("/");
	if (hook !== "auto" || errno !== EINVAL || program.type !== "tracepoint" || rest.length > 1)
		return undefined;
	const words = `${subject}: a tracepoint is named by its category and its name, and the section names ${rest[0] ?? "none"}`;
	const hint = `write SEC("${kind}/<category>/${rest[0] ?? "<name>"}"): /sys/kernel/tracing/events has the categories`;
	return explanation("section-malformed", words, known, hint);
}

/** Kinds of map that an iterator takes. */
const iterated: Readonly<Record<string, string>> = {
	bpf_map_elem: "hash and array maps, LRU and per CPU too",
	sockmap: "sockmap and sockhash",
	bpf_sk_storage_map: "sk_storage maps",
};

/** What an iterator was told to iterate over, and does not. */
function explainIterator(
	{ program, hook, errno, target }: AttachFacts,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	if (hook !== "iterator") return undefined;
	const [, kind = ""] = program.section.split("/");
	const takes = iterated[kind];
	if (takes !== undefined && errno === EINVAL) {
		const words = `${subject}: ${program.section} iterates over ${takes} (EINVAL)`;
		return explanation("attach-device-missing", words, known, "name another map in attach.map");
	}
	if (takes !== undefined && errno === EACCES) {
		const words = `${subject}: the program reads more of a key or value than the map has (EACCES)`;
		return explanation("attach-refused", words, known, `compare what it reads with ${target ?? "the map"}`);
	}
	if (/^task/.test(kind) && errno === EOPNOTSUPP) {
		const words = `${subject}: this kernel iterates over all tasks, whatever the link says (tid and pid: from 6.1 on)`;
		return explanation("attach-unsupported", words, known);
	}
	return undefined;
}

/**
 * A trampoline found no ftrace call at the function's start: nothing else is attached there. A
 * kprobe event is refused there with EINVAL (within_notrace_func of kernel/trace/trace_kprobe.c).
 */
function explainUntraceable(
	{ program, hook, errno, libbpfLog }: AttachFacts,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	const [kind = "", target] = program.section.replace(/^\?/, "").split("/");
	const probe = /failed to create k(?:ret)?probe '([^']{1,256})\+0x0' perf event: -EINVAL/.exec(libbpfLog);
	if (probe) {
		const words = `${subject}: ${probe[1]} is not traced (notrace, or on the list of functions closed to kprobes), so no probe is set there (EINVAL)`;
		return explanation("attach-untraceable", words, known, "attach to a function that calls it");
	}
	if (hook !== "auto" || errno !== EBUSY || !/^(?:fentry|fexit|fmod_ret|lsm)(?:\.s)?$/.test(kind))
		return undefined;
	const words = `${subject}: ${target ?? "the function"} has no ftrace call at its start, where the program would be called (EBUSY)`;
	return explanation("attach-untraceable", words, known);
}

/** What the kernel has instead of a missing function. */
function similarWords({ program, similar = [] }: AttachFacts): {
	words: string;
	facts?: Record<string, unknown>;
	hint?: string;
} {
	if (similar.length === 0) return { words: "" };
	const call = /^k(?:ret)?probe\/(?:__(?:x64|arm64|s390x?)_)?sys_(\w+)/.exec(program.section)?.[1];
	return {
		words: `; it has ${similar.join(", ")}`,
		facts: { similar },
		hint:
			call === undefined
				? `attach to ${similar[0]}, or to a pattern with kprobe.multi: the compiler renames functions that it changes`
				: `use SEC("ksyscall/${call}"): libbpf finds the name that the system call has on this machine`,
	};
}
