// SPDX-License-Identifier: Apache-2.0
import { E2BIG, EINVAL, ENOMEM, ENOSPC, EPERM, errnoName } from "../../base/errno.js";
import type { Explanation, FeatureQuestion, LoadFacts } from "./facts.js";
import { explainInformed } from "./informed.js";
import { libbpfLines, printedVerifierLog } from "./libbpf.js";
import { type Place, readLog, type VerifierLog } from "./log.js";
import { explainMapLines } from "./map.js";
import { firstMatch, type Rule } from "./rule.js";
import { argumentRules } from "./rules/arguments.js";
import { boundsRules } from "./rules/bounds.js";
import { callRules } from "./rules/calls.js";
import { codeOfDiagnosis } from "./rules/diagnosis.js";
import { flowRules } from "./rules/flow.js";
import { libbpfRules } from "./rules/libbpf.js";
import { pointerRules } from "./rules/pointers.js";
import { specialFieldRules } from "./rules/special-fields.js";
import { unresolvedRules } from "./rules/unresolved.js";
import { explainMatch, explanation, featureWords, placeWords, quotable } from "./sentence.js";
import { verifierStatistics } from "./statistics.js";

/** What the verifier says, from the most telling message to the least. Wordings of 5.10 to 7.3. */
const verifierRules: readonly Rule[] = [
	...unresolvedRules,
	...specialFieldRules,
	...callRules,
	...flowRules,
	...boundsRules,
	...pointerRules,
	...argumentRules,
];

/** Most instructions of a program (BPF_COMPLEXITY_LIMIT_INSNS, include/linux/bpf.h). */
const mostInstructions = 1_000_000;

/** Why a program was not loaded: by verifier, libbpf or errno; unknown words: `rejected`. */
export function explainLoad(facts: LoadFacts): Explanation {
	const name = facts.program?.name;
	const subject = name === undefined ? "the program" : `program ${name}`;
	const log = readLog(facts.verifierLog || printedVerifierLog(facts.libbpfLog, name));
	const place = placeOf(log, facts);
	const known = {
		errno_name: errnoName(facts.errno),
		...place,
		...(log.diagnosis ? { diagnosis: diagnosisFacts(log) } : {}),
	};

	const informed = explainInformed(facts, log, place, subject, known);
	if (informed) return informed;
	const verifier = firstMatch(verifierRules, log.messages, place);
	if (verifier) {
		const at = messagePlace(verifier.fields, place, facts);
		return explainMatch(verifier, subject, at, facts, { ...known, ...at });
	}
	if (log.diagnosis) return explainDiagnosis(log.diagnosis, subject, place, known);

	const said = libbpfLines(facts.libbpfLog, name);
	if (facts.verifierLog === "") {
		const libbpf = firstMatch(libbpfRules, said, {});
		if (libbpf) return explainMatch(libbpf, subject, {}, facts, known);
		const map = explainMapLines(said, subject, known);
		if (map) return map;
	}
	if (causeLost(facts, log)) return explainTruncated(facts, subject, log, known);
	const last = log.messages.at(-1);
	if (last !== undefined) {
		const words = `${subject} was refused (${errnoName(facts.errno)}): ${quotable(last)}${placeWords(place)}`;
		return explanation("rejected", words, { ...known, kernel_said: last });
	}
	return explainErrno(facts, subject, said, known);
}

/** bpf_obj_name_cpy (kernel/bpf/syscall.c) takes 15 bytes; its isalnum is Latin-1's. */
function nameable(name: string): boolean {
	const passed = Buffer.from(name).subarray(0, 15).toString("latin1");
	return /^[\w.\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]*$/.test(passed);
}

/** A cut log tells the cause when its end is there, which has the count of instructions. */
function causeLost(facts: LoadFacts, log: VerifierLog): boolean {
	if (!facts.verifierLogTruncated && facts.errno !== ENOSPC) return false;
	return log.messages.length === 0 || verifierStatistics(facts.verifierLog).insns_processed === undefined;
}

/** E2BIG after the verifier began is its limit; that of the request comes before any log. */
function explainTruncated(
	facts: LoadFacts,
	subject: string,
	log: VerifierLog,
	known: Record<string, unknown>,
): Explanation {
	if (facts.errno === E2BIG && log.place.instruction !== undefined) {
		const words = `${subject} is too complex: the verifier gave up (E2BIG), and its log was too long to be kept whole`;
		return explanation("complexity-limit", words, known);
	}
	const words = `${subject} was refused, and the verifier's log was too long for its buffer: the part that tells the cause is lost`;
	return explanation("log-truncated", words, known);
}

/** A diagnosis knows its place best; before 6.10 only the object's line information does. */
function placeOf(log: VerifierLog, facts: LoadFacts): Place {
	return withSource({ ...log.place, ...log.diagnosis?.place }, facts);
}

/** A message of the control-flow pass names its instruction; the log has none, or an older. */
function messagePlace(fields: Record<string, unknown>, place: Place, facts: LoadFacts): Place {
	if (typeof fields.instruction !== "number" || fields.instruction === place.instruction) return place;
	return withSource({ instruction: fields.instruction }, facts);
}

function withSource(place: Place, facts: LoadFacts): Place {
	if (place.file !== undefined || place.instruction === undefined) return place;
	return { ...place, ...facts.sourceLine?.(place.instruction) };
}

function diagnosisFacts(log: VerifierLog) {
	const { category, problem, reason, suggestion } = log.diagnosis!;
	return { category, problem, reason, suggestion };
}

/** A diagnosis of 7.3 without known words: by its category where that suffices, else quoted. */
function explainDiagnosis(
	diagnosis: NonNullable<VerifierLog["diagnosis"]>,
	subject: string,
	place: Place,
	known: Record<string, unknown>,
): Explanation {
	const title = `${diagnosis.category}: ${diagnosis.problem}`;
	const code = codeOfDiagnosis(title);
	return explanation(
		code ?? "rejected",
		`${subject} was refused: ${quotable(diagnosis.reason || title)}${placeWords(place)}`,
		{ ...known, kernel_said: title },
		code || diagnosis.suggestion === ""
			? undefined
			: quotable(`follow the kernel's suggestion: ${diagnosis.suggestion.replace(/\.$/, "")}`),
	);
}

/** Without a log: the error number, the program's size and the state of its types. */
function explainErrno(
	facts: LoadFacts,
	subject: string,
	said: string[],
	known: Record<string, unknown>,
): Explanation {
	const { errno, program } = facts;
	if (errno === E2BIG && (program?.insns ?? 0) > mostInstructions) {
		const words = `${subject} has ${program!.insns} instructions, and ${mostInstructions} is the most`;
		return explanation("program-too-large", words, {
			...known,
			insns: program!.insns,
			insns_limit: mostInstructions,
		});
	}
	if (errno === E2BIG) {
		const words = `${subject} asks for something that this kernel has no field for (E2BIG)`;
		return explanation("kernel-too-old-attributes", words, known);
	}
	if (errno === ENOMEM)
		return explanation("out-of-memory", `there was not enough memory to load ${subject}`, known);
	if (errno === EPERM) {
		return explanation("permission", `${subject} was refused to this caller without a word (EPERM)`, known);
	}
	const questions: [FeatureQuestion, "program-type-unsupported" | "attach-type-unsupported", string][] = [];
	if (program)
		questions.push([`program_type:${program.type}`, "program-type-unsupported", `type ${program.type}`]);
	if (program?.attach_type) {
		const question: FeatureQuestion = `attach_type:${program.attach_type}`;
		questions.push([question, "attach-type-unsupported", `attach type ${program.attach_type}`]);
	}
	for (const [question, code, what] of errno === EINVAL ? questions : []) {
		const feature = featureWords(question, facts);
		if (feature.facts.feature_state === undefined || feature.facts.feature_state === "present") continue;
		const words = `${subject} is of ${what}, which this kernel does not have${feature.words}`;
		return explanation(feature.code ?? code, words, { ...known, ...feature.facts });
	}
	const flags = program?.unknownFlags?.map((flag) => `BPF_F_${flag.toUpperCase()}`) ?? [];
	if (errno === EINVAL && flags.length > 0) {
		const words = `${subject} is loaded with ${flags.join(" and ")}, which this kernel does not know (EINVAL)`;
		return explanation("flag-unsupported", words, { ...known, flags: program?.unknownFlags });
	}
	if (errno === EINVAL && program && !nameable(program.name)) {
		const words = `${subject} was refused without a word (EINVAL): its name has a character that the kernel does not take`;
		return explanation("program-name", words, known);
	}
	const last = said.at(-1);
	if (last !== undefined) {
		const words = `${subject} was refused (${errnoName(errno)}), and libbpf said: ${quotable(last)}`;
		return explanation("rejected", words, { ...known, libbpf_said: last });
	}
	return explanation(
		"rejected",
		`${subject} was refused without a word (${errnoName(errno)})`,
		known,
		"check with `bpfgate kernels features` that the kernel knows the program type, attach type, flags and target",
	);
}
