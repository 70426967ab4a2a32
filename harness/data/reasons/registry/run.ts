// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

export interface NothingTested {
	package: string;
	/** Checks that the user named. */
	checks: readonly string[];
	/** Programs that are not loaded, each with the reason. */
	notLoaded: readonly string[];
	/** Numbers of cases. */
	skipped: number;
	announced: number;
}

function untested({ checks, notLoaded, skipped, announced }: NothingTested): string {
	const cases = (n: number) => (n === 1 ? "1 case was" : `${n} cases were`);
	const parts = [
		...(skipped > 0 ? [`${cases(skipped)} skipped`] : []),
		...(announced > 0 ? [`${cases(announced)} announced as failures in expect.failures`] : []),
	];
	if (parts.length > 0) return `${parts.join(", ")}, and none passed`;
	if (notLoaded.length > 0) return `its programs are not loaded by default: ${notLoaded.join(", ")}`;
	return checks.length > 0
		? `the check ${checks.join(", ")} has no case for it`
		: "no check has a case for it";
}

function untestedHint({ checks, skipped, announced }: NothingTested): string {
	if (announced > 0) return "remove from expect.failures what should work";
	if (skipped > 0) return "fix what the skips name, or test on kernels that have it";
	return checks.length > 0
		? `leave out --check ${checks.join(", ")}, or add to the package what it tests`
		: "add a program, vectors or a chain";
}

/** Why a case did not run, or counts differently from what it found; what a search found. */
export const runReasons = defineReasons({
	"not-promised": {
		message: (f: { kernel: string; bound: string; package: string }) =>
			`${f.kernel} is ${f.bound} kernel that ${f.package} promises`,
		hint: "change kernels.from or kernels.to in the manifest to have it tested here",
		meaning: "the kernel is older or newer than those that the manifest promises",
	},
	"package-absent": {
		message: (f: { chain: string; packages: readonly string[] }) =>
			`${f.chain} has members of ${f.packages.join(" and ")}, which ${f.packages.length === 1 ? "is" : "are"} not among the packages of this run`,
		hint: "name each package of the chain: bpfgate test <this> <that>",
	},
	"not-loaded": {
		message: "the program does not load on this kernel, so the case cannot run",
		hint: "see the load check",
	},
	"not-attached": {
		message: "the program loads, but the guest has nothing to attach it to",
		hint: 'test the attachment with the package\'s own loader, or set attach.hook to "none" in the manifest',
	},

	// Alternatives of a package (`variants` of the manifest).
	"other-variant": {
		message: (f: { variant: string; used: string; why: string | undefined }) =>
			`variant ${f.used} is used in place of ${f.variant}, which ${f.why === undefined ? "comes after it" : `does not work: ${f.why}`}`,
		hint: (f: { set: string }) => `see ${f.set}: on each kernel the first variant that works is used`,
	},
	"no-variant": {
		message: (f: { refused: readonly { label: string; why: string }[] }) =>
			`none of the variants works: ${f.refused.map(({ label, why }) => `${label}: ${why}`).join("; ")}`,
		hint: "add a variant for this kernel, or leave the kernel out of the manifest",
		meaning: "a kernel must take one of several alternatives, and refuses each",
	},

	"nothing-tested": {
		message: (f: NothingTested) => `nothing was tested of ${f.package}: ${untested(f)}`,
		hint: (f: NothingTested) =>
			f.notLoaded.length > 0
				? "load optional programs with --autoload all, or set autoload in the manifest"
				: `${untestedHint(f)}; --allow-empty accepts this`,
		meaning: "no case of the package passed by itself, so the run proves nothing",
	},
	"required-untested": {
		message: (f: { package: string; kernel: string }) =>
			`nothing was tested of ${f.package} on ${f.kernel}, which --require names`,
		hint: "give the package something to test there, or leave the kernel out of --require",
	},
	"skip-not-allowed": {
		message: (f: { option: string; kernel: string; message: string }) =>
			`${f.option} takes a skip on ${f.kernel} as a failure: ${f.message}`,
		hint: (f: { option: string; hint: string }) => `leave out ${f.option}, or ${f.hint}`,
		meaning: "a case was skipped on a kernel that --require names, or with --fail-on-skip",
	},
	"filter-matches-nothing": {
		message: (f: { filter: string }) => `--filter ${f.filter} matches no case`,
		hint: "name a case as reports show it, such as load/program/*; `*` matches any characters",
	},
	"package-invalid": {
		message: (f: { what: string }) => f.what,
		hint: "fix this input; the others were tested",
		meaning: "an input is not a package or object that can be read",
	},
	"link-refused": {
		message: (f: { what: string }) => f.what,
		hint: "define each symbol in one object and declare it extern in the others, or make it static or __weak; the other inputs were tested",
		meaning: "libbpf's linker does not make one object of those that the manifest names (objects[].link)",
	},
	"no-program": {
		message: (f: { object: string }) => `${f.object} holds no program: no function outside .text`,
		hint: 'put a function into a section such as SEC("xdp"), or leave the object out',
	},

	// The kernel lacks what the case needs.
	"feature-unsupported": {
		message: "the kernel lacks a feature that the case needs",
		hint: "do not use it on this kernel, or promise only later kernels (kernels.from)",
	},
	"feature-disabled": {
		message: "the kernel was built or booted without a feature that the case needs",
		hint: "build or boot the kernel with the feature, and document that the package needs it",
	},
	"feature-module-absent": {
		message: "the kernel module with a feature that the case needs is not in the guest",
		hint: "test on a kernel that has its modules: bpfgate kernels features shows which",
	},

	// Failures that the manifest expects.
	"expected-failure-absent": {
		message: (f: { case: string; wanted?: string }) =>
			`${f.case} passed, but the manifest expects it to fail${f.wanted === undefined ? "" : ` (${f.wanted})`}`,
		hint: (f: { pattern: string }) => `remove this kernel from the entry "${f.pattern}" of expect.failures`,
	},
	"expected-failure-differs": {
		message: (f: { case: string; wanted: string; found: string }) =>
			`${f.case}: expected to fail with ${f.wanted}, failed with ${f.found}`,
		hint: "correct the reason in expect.failures, or fix the failure",
	},

	"self-check-failed": {
		message: (f: { kernel: string; wrong: string }) =>
			`kernel ${f.kernel} was not used: verdicts that are known came out wrong: ${f.wrong}`,
		hint: "fetch the kernel again with bpfgate kernels pull --force, or build the agent again with ci/setup --build; if it stays, report it",
		meaning:
			"bpfgate's own right and wrong programs did not get their verdicts, so no other verdict on this kernel is believed",
	},

	// Searches for vectors on which kernels disagree.
	"explore-disagreement": {
		message: (f: { found: string }) => f.found,
		hint: "find the kernel feature that the program depends on, or put random values and times under `volatile`; --save-finds writes the vector",
		meaning: "a changed vector has different results on two kernels",
	},
	"explore-retval": {
		message: (f: { found: string }) => f.found,
		hint: "find the path of the program that leaves its return value unset; --save-finds writes the vector",
		meaning: "a changed vector gives a return value that the program type does not have",
	},
	"explore-output-size": {
		message: (f: { found: string }) => f.found,
		hint: "check the length before growing a packet; --save-finds writes the vector",
		meaning: "a changed vector gives a packet longer than the kernel allows",
	},
	"explore-crash": {
		message: (f: { found: string }) => f.found,
		hint: "do not load the program on this kernel until the crash is understood; --save-finds writes the vector, which crashes each kernel of this kind",
		meaning: "a changed vector crashes the kernel",
	},
});
