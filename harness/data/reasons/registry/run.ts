// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

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
