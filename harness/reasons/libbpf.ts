// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "./rule.js";

/** What libbpf 1.x says when it gives up before or around the kernel, from the most telling message to the least. */
export const libbpfRules: readonly Rule[] = [
	{
		code: "wrong-architecture",
		pattern: /loading non-native endianness is unsupported|endianness? mismatch|is not native endianness/,
		says: () => "is compiled for another byte order than the kernel's",
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
		code: "btf-missing",
		pattern: /^BTF is required, but is missing or corrupted/,
		says: () => "has no BTF, or a damaged one, and its maps or programs need it",
	},
	{
		code: "btf-missing",
		pattern:
			/^(?:kernel BTF is missing at|failed to find valid kernel BTF|Error loading vmlinux BTF|vmlinux BTF is not found|bpf_object__relocate_core: failed to get target BTF|failed to get target BTF)/,
		says: () => "needs the kernel's own BTF, and this kernel has none",
	},
	{
		code: "invalid-elf",
		pattern:
			/^(?:elf: |failed to load object|sec '|map '|prog '|incorrect )?(?<what>(?:failed to (?:open|get|read|iterate|parse|strptr)|invalid (?:program|relo|ELF|section|value|sym)|corrupted|incorrect|section '.{1,64}' is corrupted|.{0,60}(?:offset|size) .{0,40}(?:out of bounds|exceeds)|bad ).{0,160}(?:Elf|ELF|elf|section|symbol|relo|header|string).{0,200})/,
		says: ({ what }) => `is damaged: ${what}`,
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
		says: ({ kfunc }) => `calls kernel function ${kfunc}, which neither the kernel nor a loaded module has`,
		feature: ({ kfunc }) => `kfunc:${kfunc}`,
	},
	{
		code: "type-mismatch",
		pattern:
			/^extern \((?:func|var) ksym\) '(?<kfunc>[^']+)': (?:func_proto|incompatible|.{0,80}incompatible)/,
		says: ({ kfunc }) => `declares ${kfunc} otherwise than this kernel does`,
	},
	{
		code: "ksym-missing",
		pattern: /^extern \(var ksym\) '(?<symbol>[^']+)': not found/,
		says: ({ symbol }) => `refers to kernel variable ${symbol}, which this kernel does not have`,
	},
	{
		code: "kconfig-missing",
		pattern:
			/^(?:extern \(kcfg\) '(?<option>[^']+)'|extern '(?<strong>CONFIG_[^']+)' \(strong\): not resolved)/,
		says: ({ option, strong }) =>
			`refers to kernel option ${option ?? strong}, which this kernel's configuration does not give`,
	},
	{
		code: "ksym-missing",
		pattern: /^extern '(?<symbol>[^']+)' \(strong\): not resolved/,
		says: ({ symbol }) => `refers to kernel symbol ${symbol}, which this kernel does not have`,
	},
	{
		code: "kconfig-missing",
		pattern: /^failed to open system Kconfig/,
		says: () => "refers to kernel options, and this kernel's configuration cannot be read",
	},
	{
		code: "struct-ops-missing",
		pattern: /^struct_ops init_kern: struct (?:bpf_struct_ops_)?(?<type>\S+) is not found in kernel BTF/,
		says: ({ type }) => `implements struct_ops type ${type}, which this kernel does not have`,
		feature: ({ type }) => `btf:${type}`,
	},
	{
		code: "struct-ops-missing",
		pattern: /^struct_ops init_kern (?<type>[^:]{1,80}): (?<what>.{1,160})/,
		says: ({ type, what }) => `implements struct_ops type ${type} otherwise than this kernel has it: ${what}`,
	},
	{
		code: "core-relocation",
		pattern:
			/relo #\d+: (?:no matching targets found|failed to relocate|substituting insn .{0,40}invalid)|failed to perform CO-RE relocations/,
		says: () => "needs a type, field or enumerator that this kernel does not have",
	},
	{
		code: "permission",
		pattern:
			/probe_loading\(\): -EPERM|Operation not permitted.*RLIMIT_MEMLOCK|permission error while running as root/,
		says: () => "could not be tried: the kernel does not let this caller load any program",
	},
	{
		code: "invalid-btf",
		pattern:
			/^(?<what>(?:Error loading \.?BTF|Error loading BTF|BTF header|Invalid BTF|Unsupported BTF|BTF .{0,40}(?:corrupt|invalid|malformed)).{0,160})/i,
		says: ({ what }) => `carries BTF that is not accepted: ${what}`,
	},
];

/** libbpf's lines without their prefix, those that tell of other programs or only repeat that it failed left out. */
export function libbpfLines(log: string, program: string | undefined): string[] {
	const lines: string[] = [];
	for (const raw of log.slice(-256 * 1024).split("\n")) {
		if (!raw.startsWith("libbpf: ")) continue;
		const line = raw.slice("libbpf: ".length, 2000).trimEnd();
		const owner = /^prog '([^']*)': /.exec(line)?.[1];
		if (owner !== undefined && program !== undefined && owner !== program) continue;
		if (
			/failed to load(?: object)?:? |BPF program load failed|-- (?:BEGIN|END) |failed to load object/.test(
				line,
			)
		)
			continue;
		lines.push(line);
	}
	return lines;
}

/** The verifier's log when libbpf printed it with its own messages: between `BEGIN` and `END PROG LOAD LOG`. */
export function printedVerifierLog(log: string, program: string | undefined): string {
	const begin =
		program === undefined ? -1 : log.lastIndexOf(`prog '${program}': -- BEGIN PROG LOAD LOG --\n`);
	if (begin < 0) return "";
	const start = log.indexOf("\n", begin) + 1;
	const end = log.indexOf("-- END PROG LOAD LOG --", start);
	return log.slice(start, end < 0 ? undefined : log.lastIndexOf("\n", end));
}
