// SPDX-License-Identifier: Apache-2.0
/** libbpf's lines without prefix, but those of other programs and mere repetitions. */
export function libbpfLines(log: string, program: string | undefined): string[] {
	const lines: string[] = [];
	for (const raw of log
		.slice(-256 * 1024)
		.split("\n")
		.slice(-4000)) {
		if (!raw.startsWith("libbpf: ")) continue;
		const line = raw.slice("libbpf: ".length, 2000).trimEnd();
		const owner = /^prog '([^']*)': /.exec(line)?.[1];
		if (owner !== undefined && program !== undefined && owner !== program) continue;
		if (
			/failed to load(?: object)?:? |BPF program load failed|-- (?:BEGIN|END) |failed to load object|failed to prepare load attributes|^elf: skipping (?!.{1,40} \.percpu)|: relo #\d+: <\w+> \[\d+\] /.test(
				line,
			)
		)
			continue;
		lines.push(line);
	}
	return lines;
}

/** The verifier's log in libbpf's messages: between `BEGIN` and `END PROG LOAD LOG`. */
export function printedVerifierLog(log: string, program: string | undefined): string {
	const begin =
		program === undefined ? -1 : log.lastIndexOf(`prog '${program}': -- BEGIN PROG LOAD LOG --\n`);
	if (begin < 0) return "";
	const start = log.indexOf("\n", begin) + 1;
	const end = log.indexOf("-- END PROG LOAD LOG --", start);
	return log.slice(start, end < 0 ? undefined : log.lastIndexOf("\n", end));
}
