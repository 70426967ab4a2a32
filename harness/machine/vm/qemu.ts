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

/**
 * Where RAM lives: `private`, or a file that is written (`shared`) or only read (`copied`). With
 * `shared`, `folder` is where `Instance.save` listens for the device state. QEMU before
 * 8.2 opens the file for writing although it maps it privately: `writable`.
 */
export type Memory =
	| { kind: "private" }
	| { kind: "shared"; file: string; folder: string }
	| { kind: "copied"; file: string; writable: boolean };

/** File descriptors that QEMU inherits, see `handed` in process.ts; from `files` on its files. */
export const descriptors = { console: 3, rpc: 4, qmp: 5, files: 6 } as const;

/** A file that QEMU gets open: it need not be able to reach its path. */
export interface LaunchFile {
	path: string;
	flags: "r" | "r+";
}

/** Name of the port in the guest: /dev/virtio-ports/<name> (PROTOCOL.md). */
const port = "org.bpfgate.rpc";

export interface Launch {
	kit: BootKit;
	accelerator: Accelerator;
	memory: Memory;
	/** File with a template's device state, which QEMU waits for instead of booting. */
	state?: string;
}

/**
 * Binary, arguments and open files of one VM. The first file is what device state goes through: the
 * template's file, or the folder of the socket that takes it.
 */
export function commandLine(launch: Launch): { command: string; args: string[]; files: LaunchFile[] } {
	const arch = architecture(launch.kit.arch);
	const incoming = launch.state !== undefined;
	const through = launch.memory.kind === "shared" ? launch.memory.folder : launch.state;
	const files: LaunchFile[] = through === undefined ? [] : [{ path: through, flags: "r" }];
	const handed: Handed = (path, flags = "r") =>
		`/proc/self/fd/${descriptors.files + files.push({ path, flags }) - 1}`;
	const args = [
		...nothingByDefault(),
		...sandbox(),
		...machine(arch.machine, launch.accelerator),
		...memory(launch.memory, launch.kit.memory ?? defaultMemoryMiB, handed),
		...(incoming && arch.clonesWithoutKernel
			? []
			: kernel(launch.kit, handed, [
					`console=${arch.console.device}`,
					...parameters,
					...arch.parameters,
					...(launch.kit.parameters ?? []),
				])),
		...console(arch.console.args),
		...channel(arch.bus),
		...monitor(),
		...endOnPanic(),
		...(incoming ? ["-incoming", "defer"] : []),
	];
	return { command: arch.qemu, args, files };
}

/** The path under which QEMU finds a file that it gets open. */
type Handed = (path: string, flags?: LaunchFile["flags"]) => string;

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
function memory(memory: Memory, mib: number, handed: Handed): string[] {
	return ["-m", `${mib}M`, "-object", backend(memory, `size=${mib}M`, handed)];
}

function backend(memory: Memory, size: string, handed: Handed): string {
	if (memory.kind === "private") return `memory-backend-ram,id=ram,${size}`;
	const writable = memory.kind === "shared" || memory.writable;
	const path = handed(memory.file, writable ? "r+" : "r");
	const mapped =
		memory.kind === "shared" ? "share=on" : writable ? "share=off" : "share=off,readonly=on,rom=off";
	return `memory-backend-file,id=ram,${size},mem-path=${path},${mapped}`;
}

function kernel(kit: BootKit, handed: Handed, parameters: string[]): string[] {
	return ["-kernel", handed(kit.image), "-initrd", handed(kit.initramfs), "-append", parameters.join(" ")];
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
