// SPDX-License-Identifier: Apache-2.0
import { ENOENT } from "../../base/errno.js";
import type { AttachFacts, Explanation } from "./facts.js";
import { libbpfLines } from "./libbpf.js";
import type { ExplainedCode } from "./registry/registry.js";
import { explanation, quotable } from "./sentence.js";

/** What libbpf 1.7 says of a binary (elf.c, usdt.c), and how a sentence goes on. */
const messages: readonly { code: ExplainedCode; pattern: RegExp; says: string; hint?: string }[] = [
	{
		code: "usdt-maps-missing",
		pattern: /^usdt: failed to find USDT support BPF maps/,
		says: "its object has no __bpf_usdt_specs and __bpf_usdt_ip_to_spec_id map",
	},
	{
		code: "attach-unsupported",
		pattern: /^usdt: attaching to shared libraries without specific PID is not supported/,
		says: "USDT probes of a position-independent binary need BPF cookies, which kernels have from 5.15 on",
		hint: "link the binary with -no-pie, or leave such kernels out of the manifest",
	},
	{
		code: "attach-unsupported",
		pattern: /^usdt: kernel doesn't support USDT semaphore/,
		says: "this kernel does not count users of a USDT probe's semaphore",
	},
	{
		code: "attach-symbol-ambiguous",
		pattern: /^elf: ambiguous match/,
		says: "it has several functions of that name",
		hint: "name one with its version (function@VERSION), or by an offset to another function",
	},
	{
		code: "section-malformed",
		pattern: /: uretprobes do not support offset/,
		says: "a uretprobe has no offset",
		hint: "write the function alone",
	},
	{
		code: "attach-binary-invalid",
		pattern:
			/^elf: (?:could not read elf|failed to get)|^usdt: (?:unrecognized|unsupported|invalid|matched ELF|ELF endianness|attaching to \d+-bit|failed to (?:process|find) (?:ELF|PT_LOAD)|too many USDT)/,
		says: "libbpf cannot use it",
	},
];

/** Why a program could not be attached to a binary; undefined where the kernel refused. */
export function explainUserAttach(
	{ user, errno, libbpfLog, program, similar = [] }: AttachFacts,
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	if (!user) return undefined;
	const said = libbpfLines(libbpfLog, program.name);
	for (const { code, pattern, says, hint } of messages) {
		const line = said.find((line) => pattern.test(line));
		if (line !== undefined)
			return explanation(
				code,
				`${subject}: ${says} (${quotable(line)})`,
				{ ...known, libbpf_said: line },
				hint,
			);
	}
	if (errno !== ENOENT) return undefined;
	const { path, place, kind } = user;
	if (kind === "probe") {
		const none = said.some((line) => line.startsWith("usdt: no USDT notes section"));
		const words = none
			? `${path} has no USDT probes (section .note.stapsdt)`
			: `${path} has no USDT probe ${place}`;
		const hint =
			"compare with readelf --notes of the binary: <sys/sdt.h> compiles probes in as provider:name";
		return explanation("attach-symbol-missing", `${subject}: ${words}`, known, hint);
	}
	const isPattern = /[*?]/.test(place);
	const words = `the symbol tables of ${path} have no function ${isPattern ? `that matches ${place}` : place.replace(/\+\w+$/, "")}`;
	if (similar.length > 0)
		return explanation(
			"attach-symbol-missing",
			`${subject}: ${words}; it has ${similar.join(", ")}`,
			{ ...known, similar },
			`attach to ${similar[0]}, or correct the name`,
		);
	const hint =
		"compare with nm of the binary, and ship it unstripped: compilers inline static functions and mangle names of C++ and Rust";
	return explanation("attach-symbol-missing", `${subject}: ${words}`, known, hint);
}
