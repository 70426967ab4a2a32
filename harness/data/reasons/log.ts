// SPDX-License-Identifier: Apache-2.0

/** Where in a program: BPF instruction by index, and the line of source that it came from. */
export interface Place {
	instruction?: number;
	/** The instruction as the kernel disassembles it: `(61) r1 = *(u32 *)(r1 +14)`. */
	disassembly?: string;
	file?: string;
	line?: number;
}

/** The block that kernels from 7.3 add after their classic words (kernel/bpf/diagnostics.c). */
export interface Diagnosis {
	/** `Memory Safety`, `Policy`, … */
	category: string;
	/** `access outside bounds` */
	problem: string;
	reason: string;
	suggestion: string;
	place: Place;
}

export interface VerifierLog {
	/** What the kernel said after its last instruction, oldest first, without statistics. */
	messages: string[];
	place: Place;
	diagnosis?: Diagnosis;
}

/** The cause is at the end: at most so many characters and lines before it, and of a line. */
const tail = 256 * 1024;
const mostLines = 4000;
const longestLine = 2000;

const statistics =
	/^(processed \d+ insns|verification time \d|stack depth (?:max )?\d+(?:\+\d+)*$|subprog \d+ \()/;

/** What the kernel prints about its own progress and states between instructions and errors. */
const noise =
	/^(\s*$|;| |from \d|last_idx |regs=|parent |propagating |frame \d|mark_precise: |func#\d+ @|caller:|callee:|returning from callee:|to caller at |cur state:|old state:|R\d+(_[rwPw]+)?=|Validating |Live regs before insn|arg#\d+ reference type\('UNKNOWN|Func#\d+ \('|SCC |topo_order|subprog#\d|Cannot find btf of tracepoint|\d+: frame\d|\d+: R\d|\d+: safe|(?:Reason|At|Causal path|Active lock|Suggestion):$)/;

/** Takes apart a log of any kernel; empty, truncated and hostile ones as far as possible. */
export function readLog(log: string): VerifierLog {
	const lines = log
		.slice(-tail)
		.split("\n")
		.slice(-mostLines)
		.map((line) => line.slice(0, longestLine).trimEnd());
	const header = lines.findIndex((line) => line.startsWith("Verification failed: "));
	const classic = header < 0 ? lines : lines.slice(0, header);

	const place: Place = {};
	let messages: string[] = [];
	let source: string | undefined;
	for (const whole of classic) {
		// Messages without a line end have the statistics on their line.
		const line = whole.replace(/(?<=.)(?:verification time \d+ usec|processed \d+ insns \(limit ).*$/, "");
		const instruction = /^(\d+): ([(<].*)$/.exec(line);
		if (instruction) {
			place.instruction = Number(instruction[1]);
			place.disassembly = instruction[2]!.split(/\s+;| \d+: /, 1)[0]!.trim();
			messages = [];
		} else if (line.startsWith("; ")) {
			source = line;
		} else if (!noise.test(line) && !statistics.test(line)) {
			messages.push(line);
		}
	}
	Object.assign(place, sourcePlace(source));
	const diagnosis = header < 0 ? undefined : readDiagnosis(lines.slice(header));
	return { messages, place, ...(diagnosis ? { diagnosis } : {}) };
}

/** The verifier's own last lines, with the source beside them, without statistics and diagnosis. */
export function lastLines(log: string, count: number): string[] {
	const lines = log
		.slice(-tail)
		.split("\n")
		.map((line) => line.slice(0, longestLine).trimEnd());
	const header = lines.findIndex((line) => line.startsWith("Verification failed: "));
	const classic = header < 0 ? lines : lines.slice(0, header);
	return classic.filter((line) => line !== "" && !statistics.test(line)).slice(-count);
}

/** `; code @ file.c:42`, from 6.10; older kernels give the code only. */
function sourcePlace(line: string | undefined): Place {
	const at = line === undefined ? -1 : line.lastIndexOf(" @ ");
	const match = at < 0 ? undefined : /^(.{1,512}):(\d+)$/.exec(line!.slice(at + 3));
	return match ? { file: match[1]!, line: Number(match[2]) } : {};
}

function readDiagnosis(lines: string[]): Diagnosis | undefined {
	const title = /^Verification failed: ([^:]{1,100}): (.{1,200})$/.exec(lines[0]!);
	if (!title) return undefined;
	const sections = new Map<string, string[]>();
	let section: string[] = [];
	for (const line of lines.slice(1)) {
		if (line.startsWith("Verification failed: ")) break;
		const heading = /^([A-Z][A-Za-z ]{1,40}):$/.exec(line);
		if (heading) {
			section = [];
			sections.set(heading[1]!, section);
		} else if (line.startsWith("  ")) section.push(line.trim());
		else if (line !== "") section = [];
	}
	return {
		category: title[1]!,
		problem: title[2]!,
		reason: (sections.get("Reason") ?? []).join(" "),
		suggestion: (sections.get("Suggestion") ?? []).join(" "),
		place: diagnosisPlace(sections.get("At") ?? []),
	};
}

/** `At:` is `function @ file.c:line:column` or `insn 4`; `>>>` marks the instruction. */
function diagnosisPlace(at: string[]): Place {
	const place: Place = {};
	const source = /^(?:\S+ @ )?(.{1,512}):(\d+):\d+$/.exec(at[0] ?? "");
	if (source) Object.assign(place, { file: source[1]!, line: Number(source[2]) });
	const context = at.indexOf("Instruction context:");
	const marked = context < 0 ? undefined : at.slice(context).find((line) => line.startsWith(">>>"));
	const instruction = /^>>>\s{1,10}(\d+) \| (.*)$/.exec(marked ?? "") ?? /^insn (\d+)()$/.exec(at[0] ?? "");
	if (instruction) place.instruction = Number(instruction[1]);
	if (instruction?.[2]) place.disassembly = instruction[2];
	return place;
}
