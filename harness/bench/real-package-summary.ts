// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from "../base/results.js";
import type { Dialect } from "../data/package/elf/dialect.js";
import type { ObjectEntry } from "../data/package/manifest/manifest.js";

/** Cases by what came out: `pass`, or outcome and code: `fail attach-target-missing`. */
export type Counts = Record<string, number>;

/** What is known of one Debian package: real-packages-expected.json has one entry each. */
export interface ExpectedPackage {
	/** The version that `outcomes` are of. */
	version: string;
	/** The loader that its objects are written for; default: libbpf. */
	dialect?: Dialect;
	/** What the package's loader sets of maps before it loads them, as in a manifest. */
	maps?: NonNullable<ObjectEntry["maps"]>;
	/** The same of programs. */
	programs?: NonNullable<ObjectEntry["programs"]>;
	/** Why cases do not pass, by `outcome code`. */
	why: Record<string, string>;
	/** Cases by kernel. */
	outcomes: Record<string, Counts>;
}

/** What a run over one package showed. */
export interface PackageSummary {
	/** For a terminal. */
	lines: string[];
	/** Every outcome is explained and, for the same version, as often there as expected. */
	sound: boolean;
}

/** A consequence of another case, which has the reason. */
const consequences = new Set(["skip not-loaded"]);

export function countsOf(results: readonly CaseResult[]): Counts {
	const counts: Counts = {};
	for (const { outcome, reason } of results) {
		const key = reason === undefined ? outcome : `${outcome} ${reason.code}`;
		counts[key] = (counts[key] ?? 0) + 1;
	}
	return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)));
}

/**
 * Compares the outcomes of a package with the expected ones. Those of another version are shown,
 * and only have to be of kinds that are explained.
 */
export function packageSummary(
	name: string,
	version: string,
	outcomes: Readonly<Record<string, Counts>>,
	expected: ExpectedPackage,
): PackageSummary {
	const lines = [`${name} ${version}`];
	let sound = true;
	const wrong = (line: string) => {
		lines.push(`  NOT AS EXPECTED: ${line}`);
		sound = false;
	};
	const same = version === expected.version;
	if (!same) lines.push(`  ${expected.version} was expected: only the kinds of outcomes are compared`);
	for (const [kernel, counts] of Object.entries(outcomes)) {
		lines.push(`  ${kernel.padEnd(5)} ${wordsOf(counts)}`);
		if (Object.keys(counts).length === 0) wrong(`no case ran on ${kernel}`);
		for (const kind of Object.keys(counts))
			if (kind !== "pass" && !consequences.has(kind) && expected.why[kind] === undefined)
				wrong(`${kind} on ${kernel} is not explained`);
		const before = expected.outcomes[kernel];
		if (same && before && wordsOf(before) !== wordsOf(counts)) wrong(`on ${kernel}: ${wordsOf(before)}`);
	}
	return { lines, sound };
}

function wordsOf(counts: Counts): string {
	return Object.entries(counts)
		.map(([kind, count]) => `${count} ${kind}`)
		.join(", ");
}

/** The rows of docs/real-packages.md: for each package its passes, then each other kind and why. */
export function packageTable(packages: Readonly<Record<string, ExpectedPackage>>): string {
	const kernels = [...new Set(Object.values(packages).flatMap(({ outcomes }) => Object.keys(outcomes)))];
	const rows = [
		["package", "outcome", ...kernels, "why"],
		["---", "---", ...kernels.map(() => "--:"), "---"],
	];
	for (const [name, { version, dialect, maps, programs, why, outcomes }] of Object.entries(packages)) {
		const kinds = [...new Set(Object.values(outcomes).flatMap((counts) => Object.keys(counts)))].sort();
		const settings = [
			dialect && `dialect \`${dialect}\``,
			maps && `sizes of ${Object.keys(maps).join(", ")}`,
			programs && `types of ${Object.keys(programs).join(", ")}`,
		];
		const set = settings.filter(Boolean).join("; ");
		for (const kind of ["pass", ...kinds.filter((each) => each !== "pass")]) {
			const [outcome, code] = kind.split(" ");
			const reason = consequences.has(kind) ? "its program did not load" : (why[kind] ?? "");
			rows.push([
				kind === "pass" ? `**${name}** ${version}` : "",
				code === undefined ? `${outcome}` : `${outcome} \`${code}\``,
				...kernels.map((kernel) => String(outcomes[kernel]?.[kind] ?? "·")),
				kind === "pass" && set ? `set as its loader does: ${set}` : reason,
			]);
		}
	}
	return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
