// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

export interface Facts {
	program: string;
	/** What in the program shows it: `calls bpf_send_signal`. */
	how: string;
}

const grant = "check that the package needs this for its purpose";

/** What programs may do to the machine they run on: `capability-` and the name of the case. */
export const capabilityReasons = defineReasons({
	"capability-write-user-memory": {
		message: (f: Facts) => `${f.program} can change the memory of processes: it ${f.how}`,
		hint: grant,
	},
	"capability-override-return": {
		message: (f: Facts) => `${f.program} can make kernel functions fail or succeed: it ${f.how}`,
		hint: grant,
	},
	"capability-send-signal": {
		message: (f: Facts) => `${f.program} can end processes by a signal: it ${f.how}`,
		hint: grant,
	},
	"capability-call-bpf": {
		message: (f: Facts) => `${f.program} can make bpf() calls from inside the kernel: it ${f.how}`,
		hint: grant,
	},
	"capability-lsm-deny": {
		message: (f: Facts) => `${f.program} can deny what processes do: it ${f.how}`,
		hint: grant,
	},
	"capability-hook-bpf": {
		message: (f: Facts) => `${f.program} runs when processes call bpf(): it ${f.how}`,
		hint: grant,
	},
	"capability-hook-directories": {
		message: (f: Facts) => `${f.program} runs when processes list directories: it ${f.how}`,
		hint: grant,
	},
	"capability-hook-sockets": {
		message: (f: Facts) => `${f.program} runs when processes list sockets: it ${f.how}`,
		hint: grant,
	},
	"capability-hook-system-calls": {
		message: (f: Facts) => `${f.program} runs at every system call: it ${f.how}`,
		hint: grant,
	},
});
