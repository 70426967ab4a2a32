// SPDX-License-Identifier: Apache-2.0

import { InputError, type UndecidedError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { KernelConfig } from "../kernel/config.js";
import type { Answer, Features } from "./features.js";
import { type FeatureOptions, optionsOf } from "./options.js";

export interface Lack {
	/** `unsupported`: too old or another type; `disabled`: by build or boot; `module-absent`. */
	state: "unsupported" | "disabled" | "module-absent";
	message: string;
	hint: string;
	/** What switches it on, where that is known: `CONFIG_NETKIT`, `module netkit`. */
	needs?: string;
}

/** Everything known about one kernel. */
export interface Known {
	features: Features;
	/** Its whole build configuration, when it is known. */
	config: KernelConfig | undefined;
	options: FeatureOptions;
}

/**
 * Whether and how a kernel lacks a feature; undefined when it has it.
 * @param requirement `program_type:lsm`, `map_type:ringbuf`, `helper:xdp/bpf_loop` or
 * `helper:bpf_loop` (any type), `attach_type:tcx_ingress`, `link_type:tcx`,
 * `kfunc:bpf_task_acquire`, `lsm:bpf`, `config:BPF_LSM`, `module:act_bpf`, `btf:vmlinux`
 * @throws InputError when it names nothing; UndecidedError `feature-unknown`
 */
export function missing(known: Known, requirement: string): Lack | undefined {
	const colon = requirement.indexOf(":");
	const kind = requirement.slice(0, colon);
	const name = requirement.slice(colon + 1);
	const { features } = known;
	switch (kind) {
		case "program_type":
			return ofAnswer(known, requirement, features.program_types[name]);
		case "map_type":
			return ofAnswer(known, requirement, features.map_types[name]);
		case "attach_type":
			return ofAnswer(known, requirement, features.attach_types[name]) ?? switchedOff(known, requirement);
		case "link_type":
			return ofAnswer(known, requirement, features.link_types[name]) ?? switchedOff(known, requirement);
		case "helper":
			return ofHelper(known, name);
		case "kfunc":
			return ofKfunc(known, requirement, name);
		case "lsm":
			return ofLsm(known, requirement, name);
		case "config":
			return ofConfig(known, name.replace(/^CONFIG_/, ""));
		case "module":
			return ofModule(known, name.replaceAll("-", "_"));
		case "btf":
			return ofBtf(known, requirement, name);
		default:
			throw new InputError(requirement, "", "is an unknown feature");
	}
}

function ofAnswer(known: Known, requirement: string, answer: Answer | undefined): Lack | undefined {
	if (answer === "yes") return undefined;
	if (answer === "unknown") throw unknown(known, `whether it has ${requirement}`);
	if (answer !== "off") return unsupported(known, `has no ${requirement.replace(":", " ")}`);
	// Its own types name it: it was built or booted without it.
	const needed = optionsOf(known.options, requirement)?.config ?? [];
	const off = known.config && needed.find((name) => !isOn(known.config?.get(name)));
	return off === undefined ? refused(known, requirement) : disabled(known, requirement, off);
}

function isOn(value: string | undefined): boolean {
	return value !== undefined && value !== "n";
}

function refused(known: Known, requirement: string): Lack {
	return {
		state: "disabled",
		message: `kernel ${id(known)} knows ${requirement.replace(":", " ")} but was built or booted without it`,
		hint: "check the kernel's configuration, and document what the package needs",
	};
}

/** `disabled` or `module-absent` when the build configuration has one of the options off. */
function switchedOff(known: Known, requirement: string): Lack | undefined {
	const { config, options } = known;
	const needed = optionsOf(options, requirement);
	const off = config && needed?.config.find((name) => config.get(name) === "n");
	return off === undefined ? undefined : disabled(known, requirement, off);
}

function ofHelper(known: Known, name: string): Lack | undefined {
	const { helpers, program_types } = known.features;
	const [type, helper] = name.includes("/") ? (name.split("/", 2) as [string, string]) : [undefined, name];
	if (!helper.startsWith("bpf_"))
		throw new InputError(`helper:${name}`, "", "is not a helper's name such as `bpf_loop`");
	if (helpers.known && !helpers.known.includes(helper)) return unsupported(known, `has no helper ${helper}`);
	if (type === undefined) {
		if (helpers.known) return switchedOff(known, `helper:${helper}`);
		const anywhere = Object.values(helpers.by_program_type).some((list) => list.includes(helper));
		return anywhere ? undefined : unsupported(known, `has no helper ${helper}`);
	}
	const lacking = ofAnswer(known, `program_type:${type}`, program_types[type]);
	if (lacking) return lacking;
	const allowed = helpers.by_program_type[type];
	if (!allowed) throw unknown(known, `which helpers programs of type ${type} may call`);
	return allowed.includes(helper)
		? undefined
		: unsupported(known, `lets no program of type ${type} call ${helper}`);
}

function ofKfunc(known: Known, requirement: string, name: string): Lack | undefined {
	const { kfuncs, btf } = known.features;
	if (kfuncs.told) {
		if (kfuncs.names.includes(name)) return undefined;
	} else {
		if (!btf.vmlinux) throw unknown(known, `which kfuncs it has: it has no BTF`);
		// Unmarked: a function of that name may be registered or not; loading decides.
		if (kfuncs.functions.includes(name) || !name.includes("bpf")) return undefined;
	}
	const needed = optionsOf(known.options, requirement);
	if (needed?.module !== undefined) {
		const lack = ofModule(known, needed.module);
		if (lack) return { ...lack, message: `${lack.message}; it brings kfunc ${name}` };
	}
	return switchedOff(known, requirement) ?? unsupported(known, `has no kfunc ${name}`);
}

function ofLsm(known: Known, requirement: string, name: string): Lack | undefined {
	const { lsms } = known.features;
	if (lsms?.includes(name)) return undefined;
	const off = switchedOff(known, requirement);
	if (off) return off;
	const options = optionsOf(known.options, requirement)?.config ?? [];
	if (known.config && options.length > 0 && options.every((option) => known.config?.get(option) === "y")) {
		return {
			state: "disabled",
			message: `kernel ${id(known)} was built with LSM ${name} but booted without it`,
			hint: `boot it with lsm=...,${name}`,
		};
	}
	return unsupported(known, `has no LSM ${name}`);
}

function ofConfig(known: Known, option: string): Lack | undefined {
	if (!known.config) throw unknown(known, `whether it was built with CONFIG_${option}`);
	const value = known.config.get(option);
	if (value === undefined) {
		return {
			...unsupported(known, `has no build option CONFIG_${option}`),
			hint: `check the spelling, or test on a kernel that has CONFIG_${option}`,
		};
	}
	return value === "n" ? disabled(known, option, option) : undefined;
}

function ofModule(known: Known, name: string): Lack | undefined {
	const { modules } = known.features;
	if (modules.loadable.includes(name) || modules.builtin.includes(name)) return undefined;
	if (modules.shipped.includes(name)) {
		return {
			state: "module-absent",
			message: `module ${name} of kernel ${id(known)} is not given to guests`,
			needs: `module ${name}`,
			hint: "load it with guest.modules in the manifest, or --module",
		};
	}
	const off = switchedOff(known, `module:${name}`);
	if (off) return off;
	if (modules.told) return unsupported(known, `has no module ${name}`);
	return {
		state: "module-absent",
		message: `kernel ${id(known)} came without its modules, ${name} among them`,
		hint: "test on a kernel whose modules are there: bpfgate kernels features shows which",
	};
}

function ofBtf(known: Known, requirement: string, name: string): Lack | undefined {
	const { btf, modules } = known.features;
	if (name === "vmlinux" ? btf.vmlinux : btf.modules.includes(name)) return undefined;
	const lack = name === "vmlinux" ? undefined : ofModule(known, name);
	if (lack) return lack;
	// Built-in code has its types in vmlinux BTF.
	if (btf.vmlinux && modules.builtin.includes(name)) return undefined;
	return switchedOff(known, requirement) ?? unsupported(known, `has no BTF of ${name}`);
}

function unsupported(known: Known, what: string): Lack {
	const { release } = known.features.kernel;
	return {
		state: "unsupported",
		message: `kernel ${id(known)} (${release}) ${what}`,
		hint: "do not use it on this kernel, or promise only later kernels (kernels.from)",
	};
}

function disabled(known: Known, what: string, option: string): Lack {
	return {
		state: "disabled",
		message: `kernel ${id(known)} was built without CONFIG_${option}${what === option ? "" : `, which ${what} needs`}`,
		hint: `test on a kernel built with CONFIG_${option}, and document that the package needs it`,
		needs: `CONFIG_${option}`,
	};
}

function unknown(known: Known, what: string): UndecidedError {
	return undecided("feature-unknown", { kernel: id(known), what });
}

function id(known: Known): string {
	return known.features.kernel.id;
}
