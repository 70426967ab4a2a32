// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";

/** The libbpf that the guest agent is built with; machine/guest/build.test.ts compares. */
export const libbpfVersion = "1.7";

/** Sections that libbpf knows from 1.8 on (kernel 7.3: tools/lib/bpf/libbpf.c). */
const newerSections =
	/^\??(?:(?:fentry|fexit|fsession)\.multi(?:\.s)?|fsession(?:\.s)?|tp_btf\.s|raw_tp\.s|raw_tracepoint\.s|tp\.s|tracepoint\.s)(?:\/|\+|$)/;

/** Functions that C libraries or headers have as macros, and what BPF programs call instead. */
const replacements: Readonly<Record<string, string>> = {
	...Object.fromEntries(
		["ntohs", "ntohl", "htons", "htonl"].map((name) => [name, `use bpf_${name} of <bpf/bpf_endian.h>`]),
	),
	...Object.fromEntries(
		["memcpy", "memset", "memmove", "memcmp"].map((name) => [
			name,
			`use __builtin_${name} with a constant size: the compiler emits a call where it cannot inline it`,
		]),
	),
	printf: "use bpf_printk",
	strlen: "use bpf_strlen where the kernel has it, or a bounded loop",
	strcmp: "use bpf_strncmp",
	strncmp: "use bpf_strncmp",
};

/** What libbpf 1.x says when it gives up, the most telling messages first. */
export const libbpfRules: readonly Rule[] = [
	{
		code: "wrong-architecture",
		pattern: /loading non-native endianness is unsupported|endianness? mismatch|is not native endianness/,
		says: () => "is compiled for another byte order than the kernel's",
	},
	{
		code: "libbpf-too-old",
		pattern: /missing BPF prog type, check ELF section name '(?<section>[^']*)'/,
		when: ({ section }) => newerSections.test(String(section)),
		says: ({ section }) =>
			`is in section ${section}, which libbpf ${libbpfVersion}, which bpfgate uses, does not know; later versions do`,
	},
	{
		code: "libbpf-too-old",
		pattern:
			/(?:(?:bad data relo against|data relo failed to find map for) section '|skipping unrecognized data section\(\d+\) )(?<section>\.percpu[\w.]*)/,
		says: ({ section }) =>
			`uses variables in section ${section}, which libbpf ${libbpfVersion}, which bpfgate uses, does not know; later versions do`,
	},
	{
		code: "undefined-symbol",
		pattern: /^failed to find BTF for extern '(?<symbol>[^']+)'/,
		says: ({ symbol }) =>
			`refers to ${symbol}, which nothing defines: no object, no header and no kernel (__ksym)`,
		hint: ({ symbol }) =>
			replacements[String(symbol)] ??
			`link the object that defines ${symbol} (objects[].link in the manifest), include its header, or declare it __ksym where the kernel has it`,
	},
	{
		code: "undefined-symbol",
		pattern:
			/^(?:prog '[^']{1,128}': extern relo failed to find extern for '(?<symbol>[^']+)'|unrecognized extern section '(?<section>[^']+)')/,
		says: ({ symbol, section }) =>
			symbol === undefined
				? `declares externs in section ${section}, and libbpf knows .ksyms and .kconfig only`
				: `refers to ${symbol}, which nothing defines`,
	},
	{
		code: "undefined-symbol",
		pattern: /invalid relo against '(?<symbol>[^']+)' in special section/,
		says: ({ symbol }) => `uses variable ${symbol}, which has no section`,
		hint: ({ symbol }) =>
			`initialise ${symbol}, or declare it static: the compiler left it without a section`,
	},
	{
		code: "exception-misuse",
		pattern:
			/^prog '[^']{1,128}': (?<what>(?:cannot find exception callback|exception callback|exception_callback|multiple subprogs with same name as exception).{0,120})/,
		says: ({ what }) => `breaks the rules of exceptions: ${what}`,
	},
	{
		code: "target-unset",
		pattern: /SEC\("struct_ops"\) program isn't referenced anywhere/,
		says: () => "is a struct_ops program that no struct_ops map refers to",
		hint: () => 'set it as a member of a variable in SEC(".struct_ops"), or remove it',
	},
	{
		code: "target-unset",
		pattern: /no BTF-based attach target is specified/,
		says: () => "has a section that names no target, and its manifest names none",
	},
	{
		code: "section-malformed",
		pattern:
			/^prog '[^']{1,128}': (?<what>section '[^']*' missing '.{1,40}' specification|invalid format of section definition '[^']*'|invalid section name '[^']*')|^(?<pattern>tracing multi pattern is invalid: .{1,128})/,
		says: ({ what, pattern }) => `has a section that libbpf cannot read: ${what ?? pattern}`,
	},
	{
		code: "map-definition",
		pattern: /^\.maps relo #\d+: (?<what>.{1,200})/,
		says: ({ what }) => `fills a map with something that is not a map or program: ${what}`,
	},
	{
		code: "map-definition",
		pattern: /^elf: sec '[^']{1,128}': (?<what>.{0,60}ARENA.{0,120})/,
		says: ({ what }) => `has arena variables without a fitting arena map: ${what}`,
	},
	{
		code: "core-relocation",
		pattern:
			/^(?:prog '[^']{1,128}': relo #\d+: (?<what>.{0,200}(?:ambiguity|failed to relocate|anonymous types|candidate|unexpected (?:insn|mem)|invalid new mem|incorrectly|value too big).{0,200})|failed to perform CO-RE relocations)/,
		says: ({ what }) =>
			what === undefined
				? "cannot be fitted to this kernel's types"
				: `cannot be fitted to this kernel's types: ${what}`,
	},
	{
		code: "invalid-elf",
		pattern: /^elf: (?:'?(?<file>[^']{1,400}?)'? is not a (?<what>proper ELF object|valid eBPF object file))/,
		says: ({ what }) => `is not a ${what}`,
	},
	{
		code: "legacy-map",
		pattern: /legacy map definitions in '(?<section>[^']+)' section/,
		says: ({ section }) => `defines maps in section ${section}, in the way that libbpf 1.0 dropped`,
	},
	{
		code: "legacy-map",
		pattern: /bad map relo against '(?<map>[^']+)' in section '(?<section>maps\/[^']*)'/,
		says: ({ map, section }) =>
			`uses map ${map} of section ${section}, which cilium/ebpf and aya take for maps, and libbpf does not`,
		hint: ({ map }) =>
			`set "dialect" in the manifest to the package's loader (cilium/ebpf or aya), or define ${map} with BTF in section ".maps"`,
	},
	{
		code: "legacy-map",
		pattern: /bad map relo against '(?<map>[^']+)' in section '(?<section>[^']*maps[^']*)'/,
		says: ({ map, section }) =>
			`uses map ${map} of section ${section}, which only a loader of the package's own takes for maps`,
		hint: ({ map }) => `define ${map} with BTF in section ".maps"`,
	},
	{
		code: "invalid-btf",
		pattern:
			/^(?:Error loading ELF section \.BTF(?:\.ext)?: |failed to parse \.BTF|map '[^']{1,128}' BTF data is corrupted)/,
		says: () => "carries BTF that cannot be read",
	},
	{
		code: "btf-missing",
		pattern: /^BTF is required, but is missing or corrupted/,
		says: () => "has no BTF, or a damaged one, and its maps or programs need it",
	},
	{
		code: "btf-missing",
		pattern:
			/^(?:kernel BTF is missing at|failed to find valid kernel BTF|Error loading vmlinux BTF|vmlinux BTF is not found|bpf_object__relocate_core: failed to get target BTF|failed to get target BTF)/,
		says: () => "is in an object that needs the kernel's own BTF, and this kernel has none",
	},
	{
		code: "invalid-elf",
		pattern: /^elf: (?!skipping )(?<what>.{1,400})/,
		says: ({ what }) => `is damaged or lacks something: ${what}`,
	},
	{
		code: "map-definition",
		pattern: /^map '(?<map>[^']{1,128})': invalid pinning value (?<value>\d+)/,
		says: ({ map, value }) =>
			`pins map ${map} in the way ${value}, and libbpf knows 0 (none) and 1 (by name) only`,
		hint: ({ map }) =>
			`set "dialect" in the manifest to the package's own loader, and maps.${map}.pinning to where it pins the map`,
	},
	{
		code: "map-definition",
		pattern:
			/^map '(?<map>[^']{1,128})': (?<what>(?:.{0,60}def(?:inition)? (?:is|size)|invalid|unknown field|(?:conflicting|unexpected|unsupported) .{1,40}|attr |(?:key|value) (?:spec|type)|can't determine|map type isn't|multi-level|inner def|should be|only single ARENA).{0,160})/,
		says: ({ map, what }) => `defines map ${map} in a way that libbpf does not take: ${what}`,
	},
	{
		code: "unknown-section",
		pattern: /missing BPF prog type, check ELF section name '(?<section>[^']*)'/,
		says: ({ section }) => `stands in section ${section}, which libbpf does not know`,
	},
	{
		code: "target-unset",
		pattern: /attach program FD is not set|attach_prog_fd is not set/,
		says: () => "is aimed at another BPF program, and none was named",
	},
	{
		code: "attach-target-missing",
		pattern: /failed to find (?:kernel )?BTF type ID of '(?<target>[^']*)'/,
		says: ({ target }) =>
			`is for ${target}, which neither the kernel nor a loaded module has: it may be inlined, renamed, or in a module that the guest did not load`,
	},
	{
		code: "attach-target-missing",
		pattern: /failed to find BTF (?:info for |type ID of |)'?(?<target>[A-Za-z0-9_]+)'? in (?:prog|program)/i,
		says: ({ target }) => `is for ${target}, which the target program does not have`,
	},
	{
		code: "kfunc-missing",
		pattern: /^extern \(func ksym\) '(?<kfunc>[^']+)': not found in kernel or module BTFs/,
		says: ({ kfunc }) =>
			`is in an object that calls kernel function ${kfunc}, which neither the kernel nor a loaded module has`,
		feature: ({ kfunc }) => `kfunc:${kfunc}`,
	},
	{
		code: "type-mismatch",
		pattern:
			/^extern \((?:func|var) ksym\) '(?<kfunc>[^']+)': (?:func_proto|incompatible|.{0,80}incompatible)/,
		says: ({ kfunc }) => `is in an object that declares ${kfunc} differently from this kernel`,
		hint: () =>
			"declare it with the kernel's own types, as in vmlinux.h: `struct x;` alone does not match the struct",
	},
	{
		code: "ksym-missing",
		pattern: /^extern \(var ksym\) '(?<symbol>[^']+)': not found/,
		says: ({ symbol }) =>
			`is in an object that refers to kernel variable ${symbol}, which this kernel's BTF does not have`,
	},
	{
		code: "kconfig-type",
		pattern:
			/^extern \(kcfg\) '(?<option>[^']+)': (?<what>(?:value '.{1,64}' (?:implies|isn't|doesn't fit)|type is unsupported|invalid string config).{0,80})/,
		says: ({ option, what }) =>
			`is in an object that declares kernel option ${option} with a type that does not fit: ${what}`,
	},
	{
		code: "kconfig-missing",
		pattern:
			/^(?:extern \(kcfg\) '(?<option>[^']+)'|extern '(?<strong>CONFIG_[^']+)' \(strong\): not resolved)/,
		says: ({ option, strong }) =>
			`is in an object that refers to kernel option ${option ?? strong}, which this kernel's configuration does not give`,
	},
	{
		code: "ksym-missing",
		pattern: /^extern '(?<symbol>[^']+)' \(strong\): not resolved/,
		says: ({ symbol }) =>
			`is in an object that refers to kernel symbol ${symbol}, which this kernel does not have`,
	},
	{
		code: "kconfig-missing",
		pattern: /^failed to open system Kconfig/,
		says: () =>
			"is in an object that refers to kernel options, and this kernel's configuration cannot be read",
	},
	{
		code: "struct-ops-missing",
		pattern: /^struct_ops init_kern: struct (?:bpf_struct_ops_)?(?<type>\S+) is not found in kernel BTF/,
		says: ({ type }) =>
			`is in an object that implements struct_ops type ${type}, which this kernel does not have`,
		feature: ({ type }) => `btf:${type}`,
	},
	{
		code: "struct-ops-missing",
		pattern: /^struct_ops init_kern (?<map>[^:]{1,80}): Cannot find member (?<member>\S+) in kernel BTF/,
		says: ({ map, member }) =>
			`is in an object whose struct_ops map ${map} sets member ${member}, which this kernel does not have`,
		hint: ({ member }) =>
			`leave ${member} null on such kernels (libbpf skips a member that is zero), or use a second map without it and switch autocreate off for one`,
	},
	{
		code: "struct-ops-missing",
		pattern: /^struct_ops init_kern (?<type>[^:]{1,80}): (?<what>.{1,160})/,
		says: ({ type, what }) =>
			`is in an object whose struct_ops map ${type} does not fit this kernel: ${what}`,
	},
	{
		code: "permission",
		pattern:
			/probe_loading\(\): -EPERM|Operation not permitted.*RLIMIT_MEMLOCK|permission error while running as root/,
		says: () => "could not be tried: the kernel does not let this caller load any program",
	},
	{
		code: "invalid-btf",
		pattern: /^Error loading \.BTF into kernel: (?<errno>.{1,40})\. BTF is mandatory/,
		says: ({ errno }) => `carries BTF that this kernel does not take (${errno})`,
	},
	{
		code: "attach-target-missing",
		pattern: /failed to find BPF program \(FD \d+\) BTF ID for '(?<target>[^']*)'/,
		says: ({ target }) => `is for ${target}, which the target program does not have`,
	},
	{
		code: "invalid-elf",
		pattern:
			/^(?<what>(?:sec '[^']{1,128}': |prog '[^']{1,128}': (?:relo #\d+: (?:bad (?:insn|relo type)|insn #\d+ \(LDIMM64\)|trying to relocate unrecognized|unrecognized CO-RE|parsing \[|failed to (?:patch|record))|bad |missing subprog|no \.text|incorrect bpf_call|unexpected relo)|invalid (?:license|kver) section|map #\d+: empty name|failed to find symbol|failed to get sym name).{0,200})/,
		says: ({ what }) => `is damaged: ${what}`,
	},
];
