// SPDX-License-Identifier: Apache-2.0
import { defaultMemoryMiB } from "../kernel/kernel.js";
import { architecture } from "./architecture.js";

export type Accelerator = "kvm" | "tcg";

/** What a guest boots. `initramfs_sha256` covers the agent and the modules in it. */
export interface BootKit {
	arch: string;
	image: string;
	image_sha256: string;
	initramfs: string;
	initramfs_sha256: string;
	/** RAM in MiB; default `defaultMemoryMiB`. */
	memory?: number;
	/** Kernel parameters behind those of every guest: of two, the kernel takes the last. */
	parameters?: readonly string[];
}

/** Where RAM lives: `private`, or a file that is written (`shared`) or only read (`copied`). */
export type Memory = { kind: "private" } | { kind: "shared" | "copied"; file: string };

/** File descriptors that QEMU inherits; see `handed` in process.ts. */
export const descriptors = { console: 3, rpc: 4, qmp: 5, state: 6 } as const;

/** Name of the port in the guest: /dev/virtio-ports/<name> (PROTOCOL.md). */
const port = "org.bpfgate.rpc";

export interface Launch {
	kit: BootKit;
	accelerator: Accelerator;
	memory: Memory;
	/** Waits for a template's device state instead of booting. */
	incoming: boolean;
}

/** Binary and arguments of one VM. */
export function commandLine(launch: Launch): { command: string; args: string[] } {
	const arch = architecture(launch.kit.arch);
	const args = [
		...nothingByDefault(),
		...sandbox(),
		...machine(arch.machine, launch.accelerator),
		...memory(launch.memory, launch.kit.memory ?? defaultMemoryMiB),
		...(launch.incoming && arch.clonesWithoutKernel
			? []
			: kernel(launch.kit, [
					`console=${arch.console.device}`,
					...parameters,
					...arch.parameters,
					...(launch.kit.parameters ?? []),
				])),
		...console(arch.console.args),
		...channel(arch.bus),
		...monitor(),
		...endOnPanic(),
		...(launch.incoming ? ["-incoming", "defer"] : []),
	];
	return { command: arch.qemu, args };
}

/** No disk, no network card, no display, no configuration of the host: only what is named below. */
function nothingByDefault(): string[] {
	return ["-name", "bpfgate", "-nodefaults", "-no-user-config", "-nic", "none", "-display", "none"];
}

/** A guest that breaks out may start no process and gain no privilege (seccomp). */
function sandbox(): string[] {
	return ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"];
}

/**
 * One CPU: virtio-console writes can hang a guest on hosts with few CPUs (vimto issues 27 and 29).
 * All CPU features the accelerator can give, so that every JIT path of the kernel is there.
 */
function machine(type: string, accelerator: Accelerator): string[] {
	return [
		"-machine",
		`${type},memory-backend=ram`,
		"-accel",
		accelerators[accelerator],
		"-cpu",
		"max",
		"-smp",
		"1",
	];
}

const accelerators: Record<Accelerator, string> = {
	kvm: "kvm",
	// The default translation buffer is 1 GiB; a guest of this size never fills 128 MiB.
	tcg: "tcg,tb-size=128",
};

/** RAM as a file that a template keeps and clones map; `share=off`: what they write is theirs. */
function memory(memory: Memory, mib: number): string[] {
	const size = `size=${mib}M`;
	const backend =
		memory.kind === "private"
			? `memory-backend-ram,id=ram,${size}`
			: `memory-backend-file,id=ram,${size},mem-path=${escaped(memory.file)},share=${memory.kind === "shared" ? "on" : "off"}`;
	return ["-m", `${mib}M`, "-object", backend];
}

function kernel(kit: BootKit, parameters: string[]): string[] {
	return ["-kernel", kit.image, "-initrd", kit.initramfs, "-append", parameters.join(" ")];
}

/** Kernel parameters common to all architectures. */
const parameters = [
	// Warnings and worse: what splat.ts looks for. Every character costs an exit from the guest.
	"loglevel=5",
	// Restart at once on panic; with -no-reboot that ends QEMU.
	"panic=-1",
	// Every line of the kernel's own starts with its time; splat.ts counts on it.
	"printk.time=1",
	// No limit on how often a process may write to the log: the runner's marks must all come out.
	"printk.devkmsg=on",
	// Twice what is usual, 40 s: to the kernel a host that stops QEMU for so long looks like a CPU
	// that is stuck.
	"watchdog_thresh=20",
	"rcupdate.rcu_cpu_stall_timeout=40",
	// Debian's own list, and BPF at its end: before 6.1 it is not in it, and no BPF LSM program
	// could attach.
	"lsm=landlock,lockdown,yama,loadpin,safesetid,integrity,apparmor,ipe,bpf",
	"random.trust_cpu=on",
	"audit=0",
];

/** The console is a device for kernel messages only: nothing on it can forge an answer. */
function console(args: (chardev: string) => string[]): string[] {
	return ["-chardev", `socket,id=console,fd=${descriptors.console}`, ...args("console")];
}

/** The only way in: an inherited socket, so no path or port can clash with another VM's. */
function channel(bus: string): string[] {
	return [
		"-chardev",
		`socket,id=rpc,fd=${descriptors.rpc}`,
		"-device",
		`virtio-serial-${bus},max_ports=2`,
		"-device",
		`virtserialport,chardev=rpc,name=${port}`,
	];
}

function monitor(): string[] {
	return ["-chardev", `socket,id=qmp,fd=${descriptors.qmp}`, "-mon", "chardev=qmp,mode=control"];
}

/** QEMU ends with its guest, also when that panics, instead of pausing or starting over. */
function endOnPanic(): string[] {
	return ["-no-reboot", "-action", "panic=shutdown"];
}

/** In QEMU's option lists a comma is doubled. */
function escaped(path: string): string {
	return path.replaceAll(",", ",,");
}
