// SPDX-License-Identifier: Apache-2.0
import { readFile as readHostFile } from "node:fs/promises";
import { join } from "node:path";
import { attachTypes, helpers, type KernelEnum, linkTypes, mapTypes, programTypes } from "../../base/bpf.js";
import { Btf } from "../../data/package/btf/btf.js";
import { mapCreate, tryBpf } from "../guest/bpf-call.js";
import type { GuestClient } from "../guest/client.js";
import { readCatalog } from "../kernel/catalog.js";
import { type KernelConfig, parseConfig } from "../kernel/config.js";
import type { Kernel } from "../kernel/kernel.js";
import { readModuleTree } from "../kernel/modules.js";
import type { Guest } from "../vm/guest.js";
import type { Answer, Features } from "./features.js";
import { listFolder, readFile, readText } from "./files.js";
import { askHelpers } from "./helpers.js";
import { bpfFunctions, hasMember, markedKfuncs, members } from "./kernel-btf.js";
import { askSignature } from "./signature.js";
import { askToken } from "./token.js";

/** ENOTSUPP, internal to the kernel (K: include/linux/errno.h), but returned to user space here. */
const ENOTSUPP = 524;
const BPF_F_NO_PREALLOC = 1;

/** Probes `struct_ops` (libbpf 1.7 needs 6.9 for it) and `rhash`, which libbpf lacks. */
async function askMapType(client: GuestClient, name: string): Promise<boolean | undefined> {
	switch (name) {
		case "struct_ops": {
			// Type 1 of vmlinux BTF is not a struct_ops: a kernel that reports so knows the map
			// type.
			const wanted = mapCreate(name, {}, 64).u32(60, 1);
			return (await tryBpf(client, "map_create", wanted)).errno === ENOTSUPP;
		}
		case "rhash": {
			const wanted = mapCreate(name, { flags: BPF_F_NO_PREALLOC });
			return (await tryBpf(client, "map_create", wanted)).errno === 0;
		}
		default:
			return undefined;
	}
}

/** Build options to show. */
const RELEVANT =
	/BPF|BTF|^CGROUPS$|LSM|LANDLOCK|^XDP_|NETKIT|NET_XGRESS|NET_CLS_ACT|NET_SCH_INGRESS|NET_ACT_BPF|VETH|DUMMY|K?PROBE|FTRACE$|FUNCTION_TRACER|SECURITYFS|FS_VERITY|IMA$|SYSTEM_DATA_VERIFICATION|^KEYS$|USER_NS|OVERLAY_FS$|DEBUG_INFO|MODULE_SIG|KALLSYMS|SCHED_CLASS_EXT|NF_CONNTRACK$|LIRC/;
const SETTINGS = [
	"/proc/sys/net/core/bpf_jit_enable",
	"/proc/sys/net/core/bpf_jit_harden",
	"/proc/sys/kernel/unprivileged_bpf_disabled",
	"/proc/sys/kernel/bpf_stats_enabled",
];

/**
 * Asks a guest, which must not be used afterwards, what its kernel has.
 * @throws UndecidedError when the guest is lost, or gives an impossible answer
 */
export async function askFeatures(guest: Guest): Promise<Features> {
	const { client, kernel } = guest;
	const { release } = guest.greeting;
	const vmlinux = await readFile(client, "/sys/kernel/btf/vmlinux");
	const btf = vmlinux && new Btf("/sys/kernel/btf/vmlinux", vmlinux);
	const typesProbed = await client.call("probe", {
		program_types: programTypes.names.map((_, number) => number),
		map_types: mapTypes.names.map((_, number) => number),
	});
	const program_types = probed(
		programTypes,
		typesProbed.program_types,
		btf,
		"bpf_prog_type",
		"BPF_PROG_TYPE_",
	);
	const map_types = probed(mapTypes, typesProbed.map_types, btf, "bpf_map_type", "BPF_MAP_TYPE_");
	for (const name of Object.keys(map_types)) {
		const answer = map_types[name] === "yes" ? undefined : await askMapType(client, name);
		if (answer) map_types[name] = "yes";
		else if (answer === false && map_types[name] === "unknown") map_types[name] = "off";
	}
	const functions = btf && members(btf, "bpf_func_id", "BPF_FUNC_")?.filter((name) => name !== "unspec");
	const loadable = Object.keys(program_types).filter((name) => program_types[name] === "yes");
	const by_program_type = await askHelpers(client, loadable, helpers.names.length, btf);
	const token = await askToken(client);
	const recorded = btf !== undefined && hasMember(btf, "bpf_prog_aux", "sig");
	const signature = await askSignature(client, recorded);
	const modules = await askModules(client, kernel);
	const moduleBtf = await readModuleBtf(client, btf);
	return {
		format: "bpfgate/features",
		version: 1,
		kernel: { id: kernel.id, release, arch: kernel.arch, image_sha256: kernel.image_sha256 },
		program_types,
		map_types,
		attach_types: enumerated(attachTypes, btf, "bpf_attach_type", "BPF_"),
		link_types: enumerated(linkTypes, btf, "bpf_link_type", "BPF_LINK_TYPE_"),
		helpers: { known: functions?.map((name) => `bpf_${name}`) ?? null, by_program_type },
		kfuncs: kfuncs(btf, [...moduleBtf.values()]),
		btf: { vmlinux: btf !== undefined, modules: [...moduleBtf.keys()].sort() },
		token,
		signature,
		lsms: (await readText(client, "/sys/kernel/security/lsm"))?.trim().split(",") ?? null,
		modules,
		config: relevant(await kernelConfig(kernel)),
		settings: await askSettings(client),
	};
}

/** The kernel's whole build configuration, when it is known. */
export async function kernelConfig(kernel: Kernel): Promise<KernelConfig | undefined> {
	if (kernel.config === undefined) return undefined;
	return parseConfig(kernel.config, await readHostFile(kernel.config, "utf8"));
}

/** libbpf's answers; where it cannot probe a type, the kernel's own enumeration decides. */
function probed(
	names: KernelEnum,
	answers: number[],
	btf: Btf | undefined,
	enumeration: string,
	prefix: string,
): Record<string, Answer> {
	const known = btf && members(btf, enumeration, prefix);
	const result: Record<string, Answer> = {};
	for (const [number, name] of names.names.entries()) {
		if (name === "unspec") continue;
		const answer = answers[number] ?? -1;
		if (answer === 1) result[name] = "yes";
		else if (known !== undefined && !known.includes(name)) result[name] = "no";
		else if (answer === 0) result[name] = known ? "off" : "no";
		else result[name] = "unknown";
	}
	return result;
}

function enumerated(
	names: KernelEnum,
	btf: Btf | undefined,
	enumeration: string,
	prefix: string,
): Record<string, Answer> {
	const known = btf && members(btf, enumeration, prefix);
	const result: Record<string, Answer> = {};
	for (const name of names.names) {
		if (name !== "unspec")
			result[name] = known === undefined ? "unknown" : known.includes(name) ? "yes" : "no";
	}
	// Types newer than our table are named in the kernel's enumeration.
	for (const name of known ?? []) if (name !== "unspec" && !name.startsWith("__")) result[name] = "yes";
	return result;
}

function kfuncs(btf: Btf | undefined, modules: Btf[]): Features["kfuncs"] {
	const marked = btf ? markedKfuncs(btf) : [];
	if (!btf || marked.length === 0) {
		return { told: false, names: [], functions: btf ? bpfFunctions(btf) : [] };
	}
	return {
		told: true,
		names: [...new Set([...marked, ...modules.flatMap(markedKfuncs)])].sort(),
		functions: [],
	};
}

async function askModules(client: GuestClient, kernel: Kernel): Promise<Features["modules"]> {
	const tree = kernel.modules === undefined ? undefined : await readModuleTree(kernel.modules);
	for (const name of (await readCatalog()).modules.lazy) {
		if (tree?.files.has(name)) await client.call("module_load", { name });
	}
	const list = tree && (await readHostFile(join(tree.folder, "modules.list"), "utf8"));
	const live = await listFolder(client, "/sys/module");
	const builtin = [...(tree?.builtin ?? []), ...live.filter((name) => !tree?.files.has(name))];
	return {
		told: tree !== undefined,
		loadable: [...(tree?.files.keys() ?? [])].sort(),
		shipped: list?.split("\n").filter((name) => name !== "") ?? [],
		builtin: [...new Set(builtin)].sort(),
	};
}

async function readModuleBtf(client: GuestClient, base: Btf | undefined): Promise<Map<string, Btf>> {
	const found = new Map<string, Btf>();
	if (!base) return found;
	for (const name of await listFolder(client, "/sys/kernel/btf")) {
		if (name === "vmlinux") continue;
		const path = `/sys/kernel/btf/${name}`;
		const bytes = await readFile(client, path);
		if (bytes) found.set(name, new Btf(path, bytes, base));
	}
	return found;
}

async function askSettings(client: GuestClient): Promise<Record<string, string>> {
	const settings: Record<string, string> = {};
	for (const path of SETTINGS) {
		const value = await readText(client, path);
		if (value !== undefined) settings[path.replace("/proc/sys/", "").replaceAll("/", ".")] = value.trim();
	}
	return settings;
}

function relevant(config: KernelConfig | undefined): Record<string, string> | null {
	if (!config) return null;
	return Object.fromEntries([...config].filter(([name]) => RELEVANT.test(name)).sort());
}
