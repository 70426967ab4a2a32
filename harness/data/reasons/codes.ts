// SPDX-License-Identifier: Apache-2.0

/** What a code means in one sentence, and what the reader can do. */
interface Entry {
	meaning: string;
	hint: string;
}

/** Every code that this folder gives. Codes are stable: a results document may be years old. */
export const codes = {
	// The kernel lacks something.
	"helper-unknown": {
		meaning: "The program calls a helper that this kernel does not have.",
		hint: "Guard the call with bpf_core_enum_value_exists(enum bpf_func_id, …), use an older helper, or leave such kernels out of the manifest.",
	},
	"kfunc-missing": {
		meaning: "The program calls a kernel function that neither this kernel nor its loaded modules offer.",
		hint: "Declare the function __weak and test it with bpf_ksym_exists(), or leave kernels without it out of the manifest.",
	},
	"map-type-unsupported": {
		meaning: "A map is of a type that this kernel does not have.",
		hint: "Use an older map type, or let the loader skip the map on such kernels (bpf_map__set_autocreate).",
	},
	"program-type-unsupported": {
		meaning: "The program is of a type that this kernel does not have.",
		hint: "Switch autoload off for it on such kernels, or leave them out of the manifest.",
	},
	"attach-type-unsupported": {
		meaning: "The program is for an attach point that this kernel does not have.",
		hint: "Switch autoload off for it on such kernels, give it an older section, or leave them out of the manifest.",
	},
	"attach-target-missing": {
		meaning:
			"The kernel function, tracepoint, hook or iterator that the program names does not exist in this kernel.",
		hint: "Functions are renamed and inlined from one kernel to the next: name another in the section or in the manifest (programs.<name>.target), or switch autoload off where it is missing.",
	},
	"btf-missing": {
		meaning: "The object or the kernel has no BTF, and the program cannot do without.",
		hint: "Compile with -g for BPF and keep the .BTF section; the kernel needs CONFIG_DEBUG_INFO_BTF.",
	},
	"core-relocation": {
		meaning: "The program reads a type, field or enumerator that this kernel does not have.",
		hint: "Guard the access with bpf_core_field_exists(), bpf_core_type_exists() or bpf_core_enum_value_exists(), or add the older layout as a ___flavour.",
	},
	"ksym-missing": {
		meaning: "The program refers to a kernel variable or symbol that is not there.",
		hint: "Declare it __weak and test its address for zero before use.",
	},
	"kconfig-missing": {
		meaning:
			"The program refers to a kernel option that the guest's configuration does not name, or there is no configuration to read.",
		hint: "Declare the option __weak so that it becomes zero where it is unknown.",
	},
	"struct-ops-missing": {
		meaning: "The struct_ops type that the object implements does not exist in this kernel.",
		hint: "Load the module that offers it, or switch autocreate off for the map on such kernels.",
	},
	"module-absent": {
		meaning: "The feature is built as a module, and the module is not there.",
		hint: "Install or load the module named, or leave kernels without it out of the manifest.",
	},
	"config-disabled": {
		meaning: "The feature is left out of this kernel by its configuration.",
		hint: "Build the kernel with the option named, or leave such kernels out of the manifest.",
	},
	"kernel-too-old-attributes": {
		meaning: "The request to the kernel has fields that it does not know.",
		hint: "The object uses something newer than this kernel, or the kernel is older than the loader supports.",
	},

	// The program may not do it.
	"helper-not-allowed": {
		meaning: "The helper is not offered to programs of this type, or not by this kernel.",
		hint: "Use a helper that this program type has on this kernel, or move the work to another program type.",
	},
	"kfunc-not-allowed": {
		meaning: "The kernel function is not offered to programs of this type.",
		hint: "Call it from a program type that it is registered for, or do without.",
	},
	"attach-target-not-allowed": {
		meaning: "The attach target exists, but programs of this kind may not be attached to it.",
		hint: "Choose a function that allows it (ALLOW_ERROR_INJECTION for fmod_ret, sleepable ones for .s sections), or another program type.",
	},
	"gpl-only": {
		meaning: "The program uses something kept for GPL-compatible programs, and its licence is not.",
		hint: 'Give the object a GPL-compatible licence (char LICENSE[] SEC("license") = "GPL"), or do without.',
	},
	permission: {
		meaning: "The kernel refused the caller, not the program.",
		hint: "Loading needs CAP_BPF with CAP_PERFMON or CAP_NET_ADMIN, or a token; a lockdown or LSM policy may refuse as well.",
	},
	"jit-missing": {
		meaning: "The program needs the JIT compiler, or something that this architecture's JIT does not do.",
		hint: "Switch the JIT on (CONFIG_BPF_JIT, net.core.bpf_jit_enable), or do without the feature named.",
	},

	// The verifier found it unsafe.
	"out-of-bounds": {
		meaning: "A memory access may reach outside of the packet, map value, stack or buffer.",
		hint: "Compare against data_end, the map value's size or the buffer's length before the access, on every path and with the same register.",
	},
	"null-dereference": {
		meaning: "A pointer that may be NULL is used without a test.",
		hint: "Test the result for NULL before using it, on every path.",
	},
	"invalid-dereference": {
		meaning: "Something that is not a valid pointer is used as one.",
		hint: "Load the pointer anew: a helper may have invalidated it, or it was computed in a way that the verifier does not follow. Read kernel memory with bpf_probe_read_kernel or BPF_CORE_READ.",
	},
	"pointer-arithmetic": {
		meaning: "A pointer is changed in a way that the verifier does not follow.",
		hint: "Only add bounded numbers to pointers of packet, map value and stack; keep context pointers as they are.",
	},
	"read-only-memory": {
		meaning: "The program writes to memory that it may only read.",
		hint: "Copy the data to the stack or to a writable map, and write there.",
	},
	"pointer-leak": {
		meaning: "The program would hand a kernel address to user space.",
		hint: "Store a number instead of the pointer.",
	},
	"uninitialised-read": {
		meaning: "A register or stack slot is read before anything was written to it.",
		hint: "Initialise the variable (and the padding of structures passed to helpers) on every path.",
	},
	"unbounded-loop": {
		meaning: "A loop has no end that the verifier can see.",
		hint: "Bound the loop by a constant, or use bpf_loop(), bpf_for() or may_goto where the kernel has them; kernels before 5.3 take no loops at all.",
	},
	"complexity-limit": {
		meaning:
			"The verifier gave up: following every path of the program needs more steps or states than it allows.",
		hint: "Shorten loops and branches, split the program with tail calls or global functions, or use bpf_loop(); a loop that never ends looks the same.",
	},
	"program-name": {
		meaning: "The program has a name that the kernel does not take.",
		hint: "Rename the function: the first 15 characters may be letters, digits, _ and . only.",
	},
	"program-too-large": {
		meaning: "The program has more instructions than the kernel takes.",
		hint: "Split it with tail calls, and do not unroll loops.",
	},
	"stack-limit": {
		meaning: "The program and the functions it calls use more stack than there is (512 bytes).",
		hint: "Move large variables to a per-CPU array map, or shorten the chain of calls.",
	},
	"call-depth": {
		meaning: "Functions call each other too deeply, or themselves.",
		hint: "Inline the innermost functions (8 frames is the most), and replace recursion by a bounded loop.",
	},
	"invalid-context-access": {
		meaning:
			"The program reads or writes a part of its context that this program type or kernel does not offer.",
		hint: "Use only the documented fields with their sizes; newer fields need newer kernels, and most are read-only.",
	},
	"return-value-range": {
		meaning: "The program can return a value that its attach point does not allow.",
		hint: "Return only the values listed for this attach type, on every path.",
	},
	"type-mismatch": {
		meaning: "An argument is of another type than the function called expects.",
		hint: "Pass what the function documents: a map, a pointer with a known size, an initialised object.",
	},
	"global-function": {
		meaning: "A global function has a parameter that this kernel cannot verify on its own.",
		hint: "Make the function static, or inline it; pointers in global functions need 5.12 or newer.",
	},
	"reference-leak": {
		meaning: "Something acquired is not released on every path.",
		hint: "Release it (bpf_ringbuf_submit or _discard, bpf_sk_release, …) before every return.",
	},
	"lock-misuse": {
		meaning: "A spin lock, an RCU section, or disabled preemption or interrupts are used against the rules.",
		hint: "Take one lock at a time, call nothing while holding it, and leave every section on every path.",
	},
	"sleepable-in-atomic": {
		meaning: "Something that may sleep is called where sleeping is not allowed.",
		hint: "Call it from a sleepable program (an .s section), outside of locks and RCU sections.",
	},
	"unreachable-code": {
		meaning: "Some instructions can never run.",
		hint: "Compile with optimisation and look at inline assembly and macros; a function without return also does this.",
	},
	"jump-out-of-range": {
		meaning: "A jump leaves the program, or the program runs over its end.",
		hint: "The object was made or changed by something other than a sound compiler: build it anew.",
	},
	"invalid-instruction": {
		meaning: "An instruction is malformed, or of a kind that this kernel does not know.",
		hint: "Compile for an older instruction set (-mcpu=v3, or v1 for the oldest kernels).",
	},
	misaligned: {
		meaning: "A memory access is not aligned as it must be.",
		hint: "Align the structure or copy the value byte by byte; stack and atomic accesses must always be aligned.",
	},

	// The object is not sound.
	"invalid-elf": {
		meaning: "The file is not an ELF object for BPF, or it is damaged.",
		hint: "Compile it with clang -target bpf, and check that the file is whole.",
	},
	"wrong-architecture": {
		meaning: "The object is for another byte order than the kernel's.",
		hint: "Compile with -target bpfel for little-endian kernels and -target bpfeb for big-endian ones.",
	},
	"invalid-btf": {
		meaning: "The kernel or libbpf found the object's BTF malformed.",
		hint: "Compile with a newer clang and pahole; a kernel may be too old for the kinds of types used.",
	},
	"unknown-section": {
		meaning: "A program stands in a section that libbpf does not know, so it has no type.",
		hint: 'Use a section name that libbpf documents, such as SEC("xdp") or SEC("tc").',
	},
	"legacy-map": {
		meaning: 'A map is defined in the way that libbpf 1.0 dropped (section "maps").',
		hint: 'Define maps with BTF, in section ".maps".',
	},
	"map-definition": {
		meaning: "A map is defined in a way that libbpf does not take.",
		hint: "Compare with the map definitions of libbpf's documentation: __uint, __type, __array, __ulong.",
	},
	"target-unset": {
		meaning: "The program replaces or traces another BPF program, and nobody said which.",
		hint: "Name it in the manifest: objects[].programs.<name>.target.",
	},

	// Maps, memory, limits of the machine.
	"map-attributes": {
		meaning: "The kernel refused the map's sizes or flags.",
		hint: "Look at key_size, value_size, max_entries and map_flags: each map type has rules of its own.",
	},
	"out-of-memory": {
		meaning: "There was not enough memory for the map or program.",
		hint: "Make the maps smaller (the manifest can set max_entries), or give the guest more memory.",
	},

	// Attaching.
	"attach-busy": {
		meaning: "Something else is attached there already, and the hook takes only one or not both.",
		hint: "Detach the other, or use a hook that takes several (tcx, cgroup multi, the libxdp dispatcher).",
	},
	"attach-symbol-missing": {
		meaning: "The function, tracepoint or file that the program is to be attached to does not exist.",
		hint: "Functions are renamed and inlined from one kernel to the next: name another, or make the attachment optional.",
	},
	"attach-device-missing": {
		meaning: "The network device, cgroup or namespace to attach to is not there or is of another kind.",
		hint: "Check the attach target in the manifest.",
	},
	"attach-unsupported": {
		meaning: "This kernel, device or libbpf does not support attaching in this way.",
		hint: "Use an older way to attach, or leave such kernels out of the manifest.",
	},
	"attach-refused": {
		meaning: "The kernel refused to attach the program and said no more than an error number.",
		hint: "Check the attach target in the manifest; `dmesg` of the guest may say more.",
	},

	// Not known, and said so.
	"not-attempted": {
		meaning: "The program was not tried because something else of its object failed first.",
		hint: "Mend what failed first.",
	},
	"log-truncated": {
		meaning: "The verifier's log did not fit into its buffer, and the end with the cause is lost.",
		hint: "Load again with statistics only (log_level 4), or with a larger log buffer.",
	},
	rejected: {
		meaning: "The kernel or libbpf refused, and bpfgate does not know these words.",
		hint: "Read the log in the evidence; the kernel's own last line is quoted.",
	},
} as const satisfies Record<string, Entry>;

export type ReasonCode = keyof typeof codes;
