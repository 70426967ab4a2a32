// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the kernel and libbpf say when a program is attached. */
export const attachReasons = defineReasons({
	"attach-busy": {
		message: "something else is already attached there, and the hook does not allow both",
		hint: "detach the other, or use a hook that accepts several (tcx, cgroup multi, the libxdp dispatcher)",
	},
	"attach-symbol-missing": {
		message: "the function, tracepoint or file that the program should attach to does not exist",
		hint: "name another target, or make the attachment optional: kernels rename and inline functions",
	},
	"attach-symbol-ambiguous": {
		message: "the function exists several times in the kernel, so that its name does not choose one",
		hint: "name one by its module or by an offset to another symbol, or attach to a function that calls it",
	},
	"attach-untraceable": {
		message: "the function has no place where a program can be attached",
		hint: "attach to a function that calls it, or use a kprobe",
	},
	"attach-binary-invalid": {
		message:
			"the file to attach to is not a binary that the guest's kernel can run, or libbpf cannot read it",
		hint: "name the executable or shared library itself in guest.files, built for the kernel's architecture",
	},
	"usdt-maps-missing": {
		message: "the object lacks the maps of libbpf's USDT support",
		hint: "add <bpf/usdt.bpf.h> to what the source of the object includes",
	},
	"attach-device-missing": {
		message: "the network device, cgroup, namespace or map to attach to does not exist or is of another kind",
		hint: "check the attach target in the manifest",
	},
	"iterator-unreadable": {
		message: "the iterator was attached, and reading it failed",
		hint: "return 0 from the program, and write less of one element (the buffer has 8 pages)",
	},
	"attach-unsupported": {
		message: "this kernel, device or libbpf does not support attaching in this way",
		hint: "use an older way to attach, or leave such kernels out of the manifest",
	},
	"attach-refused": {
		message: "the kernel refused to attach the program and gave only an error number",
		hint: "check the attach target in the manifest and the guest's kernel log",
	},
});
