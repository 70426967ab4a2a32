// SPDX-License-Identifier: Apache-2.0
import { EOPNOTSUPP, errnoName, LIBBPF_ENDIAN, LIBBPF_FORMAT } from "../../base/errno.js";
import type { Explanation, OpenFacts } from "./facts.js";
import { libbpfLines } from "./libbpf.js";
import { firstMatch } from "./rule.js";
import { libbpfRules } from "./rules/libbpf.js";
import { explanation, quotable } from "./sentence.js";

/** Why libbpf could not open an object: the same on every kernel, since none was asked. */
export function explainOpen(facts: OpenFacts): Explanation {
	const subject = `object ${facts.object}`;
	const known = { errno_name: errnoName(facts.errno), object: facts.object };
	const said = libbpfLines(facts.libbpfLog, undefined);
	const match = firstMatch(libbpfRules, said, {});
	if (match) {
		const words = `${subject} ${match.rule.says(match.fields, {})}`;
		const facts = { ...known, libbpf_said: match.line, detail: match.fields };
		return explanation(match.rule.code, words, facts, match.rule.hint?.(match.fields, {}));
	}
	const last = said.at(-1);
	const detail = last === undefined ? "" : `: ${quotable(last)}`;
	const facts_ = { ...known, ...(last === undefined ? {} : { libbpf_said: last }) };
	if (facts.errno === LIBBPF_FORMAT) {
		return explanation("invalid-elf", `${subject} is not a sound BPF object${detail}`, facts_);
	}
	if (facts.errno === LIBBPF_ENDIAN) {
		return explanation(
			"wrong-architecture",
			`${subject} is compiled for another byte order${detail}`,
			facts_,
		);
	}
	const how =
		facts.errno === EOPNOTSUPP ? "uses something that libbpf does not support" : "could not be opened";
	return explanation("rejected", `${subject} ${how} (${errnoName(facts.errno)})${detail}`, facts_);
}
