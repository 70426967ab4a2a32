// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** Why a case was not run, or counts differently from what it found. */
export const runReasons = defineReasons({
	"feature-unsupported": {
		message: "the kernel lacks a feature that the case needs",
		hint: "use a kernel that has the feature, or leave this kernel out of the manifest",
	},
	"feature-disabled": {
		message: "the kernel was built or booted without a feature that the case needs",
		hint: "build or boot the kernel with the feature",
	},
	"feature-module-absent": {
		message: "the kernel module with a feature that the case needs is not in the guest",
		hint: "add the module to the guest, or leave this kernel out of the manifest",
	},
	"not-loaded": {
		message: "the program does not load on this kernel, so the case cannot run",
		hint: "see the load check",
	},
});
