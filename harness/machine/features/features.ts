// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

const strings = <T extends string>(...values: T[]) => Type.Unsafe<T>({ type: "string", enum: values });

/** `off`: in the kernel's BTF, but refused. `unknown`: neither answer nor BTF decides. */
const Answer = strings("yes", "no", "off", "unknown");
export type Answer = Static<typeof Answer>;
const answers = (description: string) => Type.Record(Type.String(), Answer, { description });
const names = (description: string) => Type.Array(Type.String(), { description });

/** What a kernel has, by asking it; names without common prefix, helpers and kfuncs in full. */
export const Features = Type.Object(
	{
		format: Type.Literal("bpfgate/features"),
		version: Type.Literal(1),
		kernel: Type.Object({
			id: Type.String(),
			release: Type.String({ description: "`uname -r` of the running guest" }),
			arch: Type.String(),
			image_sha256: Type.String(),
		}),
		program_types: answers("asked by loading a program of each"),
		map_types: answers("asked by creating a map of each"),
		attach_types: answers("members of the kernel's own `enum bpf_attach_type`"),
		link_types: answers("members of the kernel's own `enum bpf_link_type`"),
		helpers: Type.Object({
			known: Type.Union([Type.Array(Type.String()), Type.Null()], {
				description: "members of the kernel's own `enum bpf_func_id`; null without BTF",
			}),
			by_program_type: Type.Record(Type.String(), Type.Array(Type.String()), {
				description: "asked by loading a program that calls each; types that cannot be probed are missing",
			}),
		}),
		kfuncs: Type.Object({
			told: Type.Boolean({ description: "whether the kernel's BTF marks its kfuncs (decl tag `bpf_kfunc`)" }),
			names: names("marked ones, of vmlinux and the modules a guest can load"),
			functions: names("where they are not marked: functions of vmlinux with `bpf` in their name"),
		}),
		btf: Type.Object({
			vmlinux: Type.Boolean(),
			modules: names("modules with BTF, of those a guest can load"),
		}),
		token: Type.Object({
			create: Type.Boolean({ description: "bpf(2) knows BPF_TOKEN_CREATE" }),
			mount_options: names("delegation options that bpffs took and shows"),
		}),
		signature: Type.Object({
			attributes: Type.Boolean({ description: "BPF_PROG_LOAD knows `signature`" }),
			covers: strings("nothing", "instructions", "instructions-and-maps", "unknown"),
			verdict_recorded: Type.Boolean({ description: "`struct bpf_prog_aux` has a member `sig`" }),
			exclusive_maps: Type.Boolean({ description: "BPF_MAP_CREATE takes `excl_prog_hash`" }),
		}),
		lsms: Type.Union([Type.Array(Type.String()), Type.Null()], {
			description: "active, in order; null when the kernel has no securityfs",
		}),
		modules: Type.Object({
			told: Type.Boolean({ description: "true when the kernel's modules are in the store" }),
			loadable: names("in the guest's initramfs"),
			shipped: names("shipped with the kernel, loadable or not"),
			builtin: names("built in, by `modules.builtin` and /sys/module"),
		}),
		config: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], {
			description: "build options related to eBPF; null when the configuration is unknown",
		}),
		settings: Type.Record(Type.String(), Type.String(), { description: "sysctls related to eBPF" }),
	},
	{ $id: "bpfgate-features" },
);
export type Features = Static<typeof Features>;
