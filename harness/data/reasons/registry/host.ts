// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** Why bpfgate could not find out: tools, downloads, kernels, disk. */
export const hostReasons = defineReasons({
	"host-failed": {
		message: "a system call on the host failed, such as reading or writing a file",
		hint: "make room and give this user the right to the file, or name another folder with BPFGATE_CACHE or TMPDIR",
	},
	"tool-missing": {
		message: (f: { what: string }) => f.what,
		hint: (f: { tool: string; advice?: string }) =>
			f.advice === undefined ? `install ${f.tool}` : `run ${f.advice}`,
		meaning: "a tool that bpfgate starts is not installed, or too old",
	},
});
