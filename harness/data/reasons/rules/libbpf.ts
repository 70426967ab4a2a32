// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";

/** What libbpf 1.x says when it gives up, the most telling messages first. */
export const libbpfRules: readonly Rule[] = [
	{
		code: "wrong-architecture",
		pattern: /loading non-native endianness is unsupported|endianness? mismatch|is not native endianness/,
		says: () => "is compiled for another byte order than the kernel's",
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
		pattern: /^elf: (?<what>.{1,400})/,
		says: ({ what }) => `is damaged or lacks something: ${what}`,
	},
	{
		code: "invalid-elf",
		pattern:
			/^(?<what>(?:sec '[^']{1,128}': |prog '[^']{1,128}': (?:relo|bad|missing subprog|no \.text)|invalid (?:license|kver) section|map #\d+: empty name|failed to find symbol|failed to get sym name).{0,200})/,
		says: ({ what }) => `is damaged: ${what}`,
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
		says: ({ target }) => `is for ${target}, which this kernel does not have (or has inlined)`,
		feature: ({ target }) => `btf:${target}`,
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
	},
	{
		code: "ksym-missing",
		pattern: /^extern \(var ksym\) '(?<symbol>[^']+)': not found/,
		says: ({ symbol }) =>
			`is in an object that refers to kernel variable ${symbol}, which this kernel does not have`,
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
		pattern: /^struct_ops init_kern (?<type>[^:]{1,80}): (?<what>.{1,160})/,
		says: ({ type, what }) =>
			`is in an object that implements struct_ops type ${type} differently from this kernel: ${what}`,
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
];
