// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the kernel and libbpf say when an object is opened, a map created or a program loaded. */
export const loadReasons = defineReasons({
	// The kernel lacks something.
	"helper-unknown": {
		message: "the program calls a helper that this kernel does not have",
		hint: "guard the call with bpf_core_enum_value_exists(enum bpf_func_id, …), use an older helper, or leave such kernels out of the manifest",
	},
	"kfunc-missing": {
		message: "the program calls a kernel function that neither this kernel nor its loaded modules offer",
		hint: "declare the function __weak and test it with bpf_ksym_exists(), or leave kernels without it out of the manifest",
	},
	"map-type-unsupported": {
		message: "a map is of a type that this kernel does not have",
		hint: "use an older map type, or let the loader skip the map on such kernels (bpf_map__set_autocreate)",
	},
	"program-type-unsupported": {
		message: "the program is of a type that this kernel does not have",
		hint: "switch autoload off for it on such kernels, or leave them out of the manifest",
	},
	"attach-type-unsupported": {
		message: "the program is for an attach point that this kernel does not have",
		hint: "switch autoload off for it on such kernels, give it an older section, or leave them out of the manifest",
	},
	"flag-unsupported": {
		message: "the program is loaded with a flag that this kernel does not know",
		hint: "leave the flag out (flags in the manifest, or .frags in the section), or leave such kernels out of the manifest",
	},
	"attach-target-missing": {
		message:
			"the kernel function, tracepoint, hook or iterator that the program names does not exist in this kernel",
		hint: "name another target in the section or in the manifest (programs.<name>.target), or switch autoload off where it is missing: kernels rename and inline functions",
	},
	"btf-missing": {
		message: "the object or the kernel has no BTF, and the program needs it",
		hint: "compile with -g and keep the .BTF section, and use a kernel with CONFIG_DEBUG_INFO_BTF",
	},
	"core-relocation": {
		message: "the program reads a type, field or enumerator that this kernel does not have",
		hint: "guard the access with bpf_core_field_exists(), bpf_core_type_exists() or bpf_core_enum_value_exists(), or add the older layout as a ___flavour",
	},
	"undefined-symbol": {
		message: "the object refers to a function or variable that nothing defines",
		hint: "define it, include its header, or link the object that has it (bpftool gen object)",
	},
	"ksym-missing": {
		message: "the program refers to a kernel variable or symbol that is not there",
		hint: "declare it __weak and test its address for zero before use",
	},
	"kconfig-missing": {
		message:
			"the program refers to a kernel option that the guest's configuration does not name, or there is no configuration to read",
		hint: "declare the option __weak so that it becomes zero where it is unknown",
	},
	"kconfig-type": {
		message: "a kernel option is declared with a type that its value does not fit",
		hint: "declare it as the option is: bool or tristate as enum libbpf_tristate or _Bool, numbers as integers, strings as char arrays",
	},
	"struct-ops-missing": {
		message:
			"the struct_ops type that the object implements, or a member of it, does not exist in this kernel",
		hint: "load the module that offers it, or switch autocreate off for the map on such kernels",
	},
	"module-absent": {
		message: "the feature is built as a module, and the module is not there",
		hint: "install or load the module named, or leave kernels without it out of the manifest",
	},
	"config-disabled": {
		message: "the feature is left out of this kernel by its configuration",
		hint: "build the kernel with the option named, or leave such kernels out of the manifest",
	},
	"kernel-too-old-attributes": {
		message: "the request to the kernel has fields that the kernel does not know",
		hint: "compile the object for this kernel with an older libbpf, or leave such kernels out of the manifest",
	},

	// The program may not do it.
	"helper-not-allowed": {
		message: "the helper is not offered to programs of this type, or not by this kernel",
		hint: "use a helper that this program type has on this kernel, or move the work to another program type",
	},
	"kfunc-not-allowed": {
		message: "the kernel function is not offered to programs of this type",
		hint: "call it from a program type that it is registered for, or do not use it",
	},
	"map-not-allowed": {
		message: "the map may not be used by programs of this type or kind",
		hint: "use a map type that this program type may use, or do the work in a program of another type",
	},
	"target-mismatch": {
		message: "the program has other arguments, or another return type, than the function that it replaces",
		hint: "declare the arguments of both with the same types: replacing compares their BTF",
	},
	"attach-target-not-allowed": {
		message: "the attach target exists, but programs of this kind may not be attached to it",
		hint: "choose a function that allows it (ALLOW_ERROR_INJECTION for fmod_ret, sleepable ones for .s sections), or another program type",
	},
	"gpl-only": {
		message:
			"the program uses something reserved for GPL-compatible programs, and its licence is not GPL-compatible",
		hint: 'give the object a GPL-compatible licence (char LICENSE[] SEC("license") = "GPL"), or do not use GPL-only helpers',
	},
	permission: {
		message: "the kernel refused the caller, not the program",
		hint: "load with CAP_BPF and CAP_PERFMON or CAP_NET_ADMIN, or with a token, and check lockdown and LSM policies",
	},
	"jit-missing": {
		message: "the program needs the JIT compiler, or something that this architecture's JIT does not do",
		hint: "switch the JIT on (CONFIG_BPF_JIT, net.core.bpf_jit_enable), or do not use the feature named",
	},

	// The verifier found it unsafe.
	"out-of-bounds": {
		message: "a memory access may reach outside the packet, map value, stack or buffer",
		hint: "compare against data_end, the map value's size or the buffer's length before the access, on every path and with the same register",
	},
	"null-dereference": {
		message: "a pointer that may be NULL is used without a check",
		hint: "check the result for NULL before using it, on every path",
	},
	"invalid-dereference": {
		message: "something that is not a valid pointer is used as one",
		hint: "load the pointer again after a helper that invalidates it, and read kernel memory with bpf_probe_read_kernel or BPF_CORE_READ",
	},
	"pointer-arithmetic": {
		message: "a pointer is changed in a way that the verifier does not follow",
		hint: "only add bounded numbers to pointers of packet, map value and stack; keep context pointers as they are",
	},
	"read-only-memory": {
		message: "the program writes to memory that it may only read",
		hint: "copy the data to the stack or to a writable map, and write there",
	},
	"pointer-leak": {
		message: "the program would hand a kernel address to user space",
		hint: "store a number instead of the pointer",
	},
	"uninitialised-read": {
		message: "a register or stack slot is read before anything was written to it",
		hint: "initialise the variable (and the padding of structures passed to helpers) on every path",
	},
	"unbounded-loop": {
		message: "a loop has no end that the verifier can see",
		hint: "bound the loop by a constant, or use bpf_loop(), bpf_for() or may_goto where the kernel has them (kernels before 5.3 accept no loops)",
	},
	"complexity-limit": {
		message:
			"the verifier gave up: checking every path of the program needs more steps or states than it allows",
		hint: "shorten loops and branches, split the program with tail calls or global functions, or use bpf_loop()",
	},
	"program-name": {
		message: "the program has a name that the kernel does not accept",
		hint: "rename the function: the first 15 characters may be letters, digits, _ and . only",
	},
	"program-too-large": {
		message: "the program has more instructions than the kernel accepts",
		hint: "split it with tail calls, and do not unroll loops",
	},
	"stack-limit": {
		message: "the program and the functions it calls use more than 512 bytes of stack",
		hint: "move large variables to a per-CPU array map, or shorten the chain of calls",
	},
	"call-depth": {
		message: "functions call each other too deeply, or themselves",
		hint: "inline the innermost functions (at most 8 frames), and replace recursion by a bounded loop",
	},
	"invalid-context-access": {
		message:
			"the program reads or writes a part of its context that this program type or kernel does not offer",
		hint: "use only fields that this program type has on this kernel, with their documented sizes",
	},
	"return-value-range": {
		message: "the program can return a value that its attach point does not allow",
		hint: "return only the values listed for this attach type, on every path",
	},
	"type-mismatch": {
		message: "an argument is of another type than the function called expects",
		hint: "pass what the function documents: a map, a pointer with a known size, an initialised object",
	},
	"argument-value": {
		message: "an argument has a value that the function called does not accept",
		hint: "pass a value in the range that the function documents, and test it before the call",
	},
	"kptr-misuse": {
		message: "a field of a map that keeps a kernel pointer is used in a way that is not allowed",
		hint: "use bpf_kptr_xchg() to exchange the pointer, and test its result for NULL",
	},
	"exception-misuse": {
		message: "bpf_throw or an exception callback is used against the rules",
		hint: "call bpf_throw from the program or its functions only, and give the program one global exception callback",
	},
	"global-function": {
		message: "a global function has a parameter that this kernel cannot verify on its own",
		hint: "make the function static or inline: pointers in global functions need 5.12 or newer",
	},
	"reference-leak": {
		message: "something acquired is not released on every path",
		hint: "release it (bpf_ringbuf_submit or _discard, bpf_sk_release, …) before every return",
	},
	"lock-misuse": {
		message: "a spin lock, an RCU section, or disabled preemption or interrupts are used against the rules",
		hint: "take one lock at a time, call nothing while holding it, and leave every section on every path",
	},
	"sleepable-in-atomic": {
		message: "something that may sleep is called where sleeping is not allowed",
		hint: "call it from a sleepable program (an .s section), outside of locks and RCU sections",
	},
	"unreachable-code": {
		message: "some instructions can never run",
		hint: "compile with optimisation, and check inline assembly, macros and functions without return",
	},
	"jump-out-of-range": {
		message: "a jump leaves the program, or the program runs over its end",
		hint: "build the object again with an unmodified compiler",
	},
	"invalid-instruction": {
		message: "an instruction is malformed, or of a kind that this kernel does not know",
		hint: "compile for an older instruction set (-mcpu=v3, or v1 for the oldest kernels)",
	},
	misaligned: {
		message: "a memory access is not aligned as it must be",
		hint: "align the structure, or copy the value byte by byte",
	},

	// The object is invalid.
	"invalid-elf": {
		message: "the file is not an ELF object for BPF, or it is damaged",
		hint: "compile it with clang -target bpf, and check that the file is whole",
	},
	"wrong-architecture": {
		message: "the object is for another byte order than the kernel's",
		hint: "compile with -target bpfel for little-endian kernels and -target bpfeb for big-endian ones",
	},
	"invalid-btf": {
		message: "the kernel or libbpf found the object's BTF malformed",
		hint: "compile with a newer clang and pahole, or avoid kinds of types that this kernel does not know",
	},
	"libbpf-too-old": {
		message: "the object uses something that the libbpf of bpfgate does not know yet",
		hint: "use what libbpf 1.7 knows, or test the programs with a section that it knows: newer libbpf loads the object",
	},
	"section-malformed": {
		message: "the program's section does not name its target in the form that libbpf expects",
		hint: 'write the section as libbpf documents it: SEC("tp/<category>/<name>"), SEC("uprobe/<binary>:<function>")',
	},
	"unknown-section": {
		message: "a program is in a section that libbpf does not know, so it has no type",
		hint: 'use a section name that libbpf documents, such as SEC("xdp") or SEC("tc")',
	},
	"legacy-map": {
		message: 'a map is defined in the way that libbpf 1.0 dropped (section "maps")',
		hint: 'define maps with BTF in section ".maps", or set "dialect" in the manifest to the loader that takes them (cilium/ebpf, aya, libbpf-legacy)',
	},
	"map-definition": {
		message: "a map is defined in a way that libbpf does not accept",
		hint: "compare with the map definitions of libbpf's documentation: __uint, __type, __array, __ulong",
	},
	"target-unset": {
		message: "neither the section nor the manifest names what the program traces or replaces",
		hint: 'name it in the section, as in SEC("fentry/do_unlinkat"), or in the manifest: objects[].programs.<name>.target',
	},

	// Maps, memory, limits of the machine.
	"map-attributes": {
		message: "the kernel refused the map's sizes or flags",
		hint: "check key_size, value_size, max_entries and map_flags against the rules of this map type",
	},
	"pin-mismatch": {
		message: "a map with another definition is already pinned at the path of this map",
		hint: "give both maps the same type, sizes and flags, or pin them at different paths, as the package's loader does (objects[].pin_root, maps.<name>.pinning)",
	},
	"pin-refused": {
		message: "the kernel refused the path at which the map is to be pinned",
		hint: "use a path without dots on bpffs (objects[].pin_root, maps.<name>.pinning)",
	},
	"out-of-memory": {
		message: "there was not enough memory for the map or program",
		hint: "give the guest more memory (guest.memory in the manifest, or --memory), or make the maps smaller (max_entries)",
	},

	// Unknown messages.
	"not-attempted": {
		message: "the program was not tried because something else of its object failed first",
		hint: "fix what failed first",
	},
	"verifier-bug": {
		message: "the verifier reported a defect of its own",
		hint: "try a newer kernel of the line, and report it to bpf@vger.kernel.org with the log",
	},
	"kernel-signature": {
		message: "the kernel refused the program's signature",
		hint: "sign the object again for this kernel: bpfgate sign",
	},
	"log-truncated": {
		message: "the verifier's log did not fit into its buffer, and the end, with the cause, is lost",
		hint: "load it again with statistics only (log_level 4), or with a larger log buffer",
	},
	rejected: {
		message: "the kernel or libbpf refused with a message that bpfgate does not know",
		hint: "read the log in the evidence",
	},
});
