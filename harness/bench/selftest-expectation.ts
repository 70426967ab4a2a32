// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../data/package/package.js";

/** What a selftest says of one of its programs (progs/bpf_misc.h), for a privileged loader. */
export interface SelftestExpectation {
	program: string;
	loads: boolean;
	/** Patterns for the verifier's log; text in `{{ }}` is an extended regular expression. */
	messages: string[];
	/** As the source has it: a number, `POINTER_VALUE`, a macro. */
	retval?: string;
	/** BPF_F_* for BPF_PROG_LOAD, by name or number. */
	flags: string[];
	/** What keeps it from being compared here: another architecture, a kernel without JIT. */
	elsewhere?: string;
}

/** The expectations of an object, and programs that are loaded beside every other one. */
export interface SelftestExpectations {
	programs: SelftestExpectation[];
	auxiliary: string[];
}

/** Reads BTF declaration tags: `comment:test_expect_failure`, a counter before or behind it. */
export function expectationsOf({
	btf,
	programs,
}: Pick<PackageObject, "btf"> & {
	programs: readonly { name: string }[];
}): SelftestExpectations {
	const tags = new Map<string, { counter: number; key: string; value: string }[]>();
	for (const id of btf?.ids("decl_tag") ?? []) {
		const tag = btf!.type(id);
		if (tag.kind !== "decl_tag" || tag.component !== -1) continue;
		const [, counter, key, later, value] =
			/^comment:(?:(\d+):)?(\w+)(?:=(?:(\d+)=)?([\s\S]*))?$/.exec(tag.name) ?? [];
		if (key === undefined || btf!.kind(tag.type) !== "func") continue;
		const name = btf!.name(tag.type);
		const known = tags.get(name) ?? [];
		known.push({ counter: Number(counter ?? later ?? 0), key, value: value ?? "" });
		tags.set(name, known);
	}
	const found: SelftestExpectations = { programs: [], auxiliary: [] };
	for (const { name } of programs) {
		const own = (tags.get(name) ?? []).sort((a, b) => a.counter - b.counter);
		const all = (key: string) => own.filter((tag) => tag.key === key).map(({ value }) => value);
		const has = (key: string) => own.some((tag) => tag.key === key);
		if (has("test_auxiliary")) found.auxiliary.push(name);
		const messages = all("test_expect_msg");
		const [retval] = all("test_retval");
		const failure = has("test_expect_failure");
		if (has("test_auxiliary") || !(failure || has("test_expect_success") || retval || messages.length > 0))
			continue;
		const elsewhere = elsewhereOf(all("test_arch"), all("load_mode"));
		found.programs.push({
			program: name,
			loads: !failure,
			messages,
			...(retval === undefined ? {} : { retval }),
			flags: all("test_prog_flags"),
			...(elsewhere === undefined ? {} : { elsewhere }),
		});
	}
	return found;
}

function elsewhereOf(architectures: readonly string[], modes: readonly string[]): string | undefined {
	if (architectures.length > 0 && !architectures.includes("X86_64")) return architectures.join(", ");
	if (modes.length > 0 && !modes.includes("jited")) return "no JIT";
	return undefined;
}

/** The pattern that an expected message is: `{{ }}` around regular expressions. */
export function patternOf(message: string): RegExp {
	const parts = message.split(/\{\{(.*?)\}\}/);
	const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
	return new RegExp(parts.map((part, index) => (index % 2 ? part : quoted(part))).join(""));
}
