// SPDX-License-Identifier: Apache-2.0
import { EINVAL } from "../../base/errno.js";
import type { Explanation, LoadFacts } from "./facts.js";
import { libbpfLines } from "./libbpf.js";
import type { Place, VerifierLog } from "./log.js";
import { bytes } from "./rule.js";
import { accesses } from "./rules/words.js";
import { explanation, placeWords } from "./sentence.js";

/** Helpers that call a function of the program. */
const callbackHelpers = [
	"bpf_loop",
	"bpf_for_each_map_elem",
	"bpf_timer_set_callback",
	"bpf_find_vma",
	"bpf_user_ringbuf_drain",
];

/** Explanations that need more than words: what the program calls, aims at, and reads. */
export function explainInformed(
	facts: LoadFacts,
	log: VerifierLog,
	place: Place,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	return (
		callbackOfUnknownHelper(facts, log, subject, known) ??
		replacedProgram(facts, log, subject, known) ??
		contextField(facts, log, place, subject, known) ??
		otherType(facts, log, place, subject, known) ??
		missingHook(facts, subject, known) ??
		bareSection(facts, log, subject, known)
	);
}

/** Without the helper a callback is no function to the kernel, and func_info has one too many. */
function callbackOfUnknownHelper(
	{ program, features }: LoadFacts,
	log: VerifierLog,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	const said = log.messages.find((line) =>
		line.startsWith("number of funcs in func_info doesn't match number of subprogs"),
	);
	if (said === undefined) return undefined;
	const calls = callbackHelpers.filter((helper) => program?.helpers?.includes(helper));
	const states = calls.map((name) => features?.(`helper:${name}`));
	const helper = calls[states.indexOf("unsupported")];
	if (helper === undefined) return undefined;
	const words = `${subject} calls helper ${helper}, which this kernel does not know; so its callback counts as no function (${said})`;
	return explanation("helper-unknown", words, { ...known, feature: `helper:${helper}`, kernel_said: said });
}

/** A main program is never static: the verifier says so when it does not trust its arguments. */
function replacedProgram(
	{ program }: LoadFacts,
	log: VerifierLog,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	const said = log.messages.find((line) => line.startsWith("Cannot replace static functions"));
	if (said === undefined || program?.target !== "program") return undefined;
	const words = `${subject} does not match the program that it replaces: that program does not declare its argument as its context (${said})`;
	return explanation(
		"target-mismatch",
		words,
		{ ...known, kernel_said: said },
		"declare the target's argument with its context's type, such as struct xdp_md * and not void *, and this program's alike",
	);
}

function contextField(
	{ program, kernel }: LoadFacts,
	log: VerifierLog,
	place: Place,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	const said = /^invalid (?:bpf_context access|access to context, ctx_size=\d+) off=(\d+) size=(\d+)/;
	for (const line of log.messages) {
		const [, offset, size] = (said.exec(line) ?? []).map(Number);
		const field = offset === undefined ? undefined : program?.context?.(offset);
		if (offset === undefined || size === undefined || !field) continue;
		const what = `field ${field.name} of ${field.struct} (offset ${field.offset}, ${bytes(field.size)})`;
		const how = accesses(place);
		const words =
			field.size === size
				? `${subject} ${how} ${what}, which kernel ${kernel.id} does not offer to programs of this type${placeWords(place)}`
				: `${subject} ${how} ${bytes(size)} at offset ${offset} of ${what}, which it may not do in this size${placeWords(place)}`;
		const hint =
			field.size === size
				? undefined
				: `use the whole field (${bytes(field.size)}), and keep the compiler from narrowing the access`;
		const detail = { offset, size, field: field.name, struct: field.struct };
		return explanation("invalid-context-access", words, { ...known, kernel_said: line, detail }, hint);
	}
	return undefined;
}

/** CO-RE takes a field of another type for none: a short is no enumeration. */
function otherType(
	{ fieldType }: LoadFacts,
	log: VerifierLog,
	place: Place,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	const failed =
		/^failed to resolve CO-RE relocation <(?!enumval|type)\w+> \[\d+\] (?:struct|union) (\w+)\.([\w.]+) \(/;
	for (const line of log.messages) {
		const [, name = "", field] = failed.exec(line) ?? [];
		const struct = name.replace(/___.*$/, "");
		const type = field === undefined ? undefined : fieldType?.(struct, field);
		if (field === undefined || type === undefined) continue;
		const words = `${subject} needs field ${field} of ${struct}, which this kernel has with another type (${type})${placeWords(place)}`;
		return explanation(
			"core-relocation",
			words,
			{ ...known, kernel_said: line, detail: { struct, field, type } },
			"add the newer layout as a ___flavour, and choose with bpf_core_type_matches() or by the size of the field",
		);
	}
	return undefined;
}

/** libbpf looks for every target as a function; a hook or tracepoint is not inlined or renamed. */
function missingHook(
	{ program, libbpfLog }: LoadFacts,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	const kind = /^\??(lsm|lsm_cgroup|tp_btf|raw_tp|iter)(?:\.s)?\//.exec(program?.section ?? "")?.[1];
	if (kind === undefined) return undefined;
	for (const line of libbpfLines(libbpfLog, program?.name)) {
		const target = /failed to find kernel BTF type ID of '([^']{1,128})'/.exec(line)?.[1];
		if (target === undefined) continue;
		const what = kind.startsWith("lsm") ? "LSM hook" : kind === "iter" ? "iterator" : "tracepoint";
		const where = kind.startsWith("lsm")
			? "this kernel does not have"
			: "neither the kernel nor a loaded module has";
		const words = `${subject} is for ${what} ${target}, which ${where}`;
		return explanation("attach-target-missing", words, { ...known, kernel_said: line, detail: { target } });
	}
	return undefined;
}

/** `SEC("fmod_ret")` is loaded without a target, and the kernel refuses that without a word. */
function bareSection(
	{ program, errno, verifierLog }: LoadFacts,
	_log: VerifierLog,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	if (errno !== EINVAL || verifierLog !== "" || !program || program.target) return undefined;
	if (!["tracing", "lsm", "ext"].includes(program.type) || program.section.includes("/")) return undefined;
	const words = `${subject} has section ${program.section}, which names no target, and its manifest names none`;
	return explanation("target-unset", words, known);
}
