// SPDX-License-Identifier: Apache-2.0
import type { Reason } from "../../base/results.js";

/** `unsupported`: too old; `disabled`: not built; `module-absent`. Undefined: not asked. */
export type FeatureState = "present" | "unsupported" | "disabled" | "module-absent";

/** A feature as `kernels.requires` writes it: `helper:bpf_xdp_load_bytes`, `map_type:ringbuf`. */
export type FeatureQuestion =
	`${"program_type" | "map_type" | "attach_type" | "link_type" | "helper" | "kfunc" | "lsm" | "config" | "module" | "btf"}:${string}`;

/** What is known of the kernel beyond the logs; all of it only makes the sentence better. */
export interface KernelFacts {
	kernel: { id: string; release: string };
	/** Asked for the one feature that the failure is about. */
	features?: ((question: FeatureQuestion) => FeatureState | undefined) | undefined;
	/** The option or module that switches a feature on: `CONFIG_NETKIT`, `module netkit`. */
	configOf?: ((question: FeatureQuestion) => string | undefined) | undefined;
	/** Type of a field that the kernel has: `short`; asked with a path, `driver.type`. */
	fieldType?: ((struct: string, path: string) => string | undefined) | undefined;
	/** The first kernel line that has a kfunc; undefined when no known kernel has it. */
	kfuncSince?: ((name: string) => string | undefined) | undefined;
}

export interface ProgramFacts {
	name: string;
	/** ELF section: `xdp`, `fentry/do_unlinkat`. */
	section: string;
	/** Kernel name without BPF_PROG_TYPE_, lower case: `xdp`. */
	type: string;
	/** Kernel name without BPF_, lower case: `cgroup_inet4_connect`; where the load gives one. */
	attach_type?: string | undefined;
	/** Instructions in the object. */
	insns?: number | undefined;
	/** Helpers that it calls, by name: `bpf_loop`. */
	helpers?: readonly string[] | undefined;
	/** Flags of BPF_PROG_LOAD that it is loaded with and the kernel does not know. */
	unknownFlags?: readonly string[] | undefined;
	/** Its manifest names a target; `program` when that is a whole program of another object. */
	target?: "function" | "program" | undefined;
	/** Field of its context at an offset in bytes, as its object's BTF has it. */
	context?: ((offset: number) => ContextField | undefined) | undefined;
}

/** `hwtstamp` of `__sk_buff`: 8 bytes at offset 184. */
export interface ContextField {
	struct: string;
	name: string;
	offset: number;
	size: number;
}

/** A refused BPF_PROG_LOAD, or a load that libbpf gave up before asking the kernel. */
export interface LoadFacts extends KernelFacts {
	program?: ProgramFacts | undefined;
	/** Positive; 0 when unknown. */
	errno: number;
	/** As kernel and libbpf wrote it; may be empty, or lack its beginning or its end. */
	verifierLog: string;
	/** The log did not fit into its buffer. */
	verifierLogTruncated?: boolean | undefined;
	/** libbpf's messages of the whole object. */
	libbpfLog: string;
	/** The object's line information, for kernels before 6.10: they print the source alone. */
	sourceLine?: ((instruction: number) => { file: string; line: number } | undefined) | undefined;
}

/** `type` is the kernel's name without BPF_MAP_TYPE_, lower case. Sizes in bytes. */
export interface MapAttributes {
	type: string;
	key_size?: number;
	value_size?: number;
	max_entries?: number;
	flags?: number;
}

/** A refused BPF_MAP_CREATE. */
export interface MapFacts extends KernelFacts {
	map: MapAttributes & { name: string };
	/** Template of the maps in it, where the object or the manifest gives one. */
	inner?: MapAttributes | undefined;
	/** The other maps of its object, by name. */
	others?: ReadonlyMap<string, MapAttributes> | undefined;
	errno: number;
	libbpfLog: string;
}

/** An object that libbpf could not open. */
export interface OpenFacts {
	/** The object's file, as the package names it. */
	object: string;
	errno: number;
	libbpfLog: string;
}

/** A program (or a struct_ops map) that loaded and could not be attached. */
export interface AttachFacts extends KernelFacts {
	program: ProgramFacts;
	/** The hook as the manifest writes it: `xdp`, `tcx_ingress`, `auto`. */
	hook: string;
	/** What it was to be attached to: a device, function, tracepoint, cgroup. */
	target?: string | undefined;
	/** The binary in the guest, and the function or `provider:name` of a USDT probe in it. */
	user?: { path: string; place: string; kind: "function" | "probe" } | undefined;
	errno: number;
	what?: string | undefined;
	/** Functions of the kernel, or of the binary, that resemble the one: `__x64_sys_execve`. */
	similar?: readonly string[] | undefined;
	libbpfLog: string;
}

export interface Explanation {
	reason: Reason;
	facts: Record<string, unknown>;
}
