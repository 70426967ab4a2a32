// SPDX-License-Identifier: Apache-2.0
import { undecided } from "../../data/reasons/registry/registry.js";

/** The parts of QEMU's command line that differ between architectures. */
export interface Architecture {
	/** QEMU's binary. */
	qemu: string;
	/** Machine type with its options. */
	machine: string;
	/** Suffix of virtio devices on this machine's bus. */
	bus: "pci" | "ccw";
	/** The console with a built-in driver, usable from the kernel's first line. */
	console: { device: string; args: (chardev: string) => string[] };
	/** Kernel parameters of this architecture alone. */
	parameters: string[];
	/** Clones start without kernel on the command line: no firmware, a quarter of QEMU's start. */
	clonesWithoutKernel: boolean;
}

const serial = (chardev: string) => ["-serial", `chardev:${chardev}`];

/** Keyed by `uname -m`. */
const architectures: Record<string, Architecture> = {
	x86_64: {
		qemu: "qemu-system-x86_64",
		// Not microvm: Debian's cloud kernels have no virtio-mmio of their own before 6.12.
		machine: "pc,usb=off,vmport=off,smbus=off,hpet=off",
		bus: "pci",
		console: { device: "ttyS0", args: serial },
		// Reset by triple fault: other ways are tried first and wait for hardware that this machine
		// lacks.
		parameters: ["reboot=t", "no_timer_check", "tsc=reliable", "i8042.noaux", "i8042.nokbd"],
		clonesWithoutKernel: true,
	},
	aarch64: {
		qemu: "qemu-system-aarch64",
		machine: "virt,gic-version=max",
		bus: "pci",
		console: { device: "ttyAMA0", args: serial },
		parameters: [],
		clonesWithoutKernel: false,
	},
	s390x: {
		qemu: "qemu-system-s390x",
		machine: "s390-ccw-virtio",
		bus: "ccw",
		console: {
			device: "ttysclp0",
			args: (chardev) => ["-device", `sclpconsole,chardev=${chardev}`],
		},
		parameters: [],
		clonesWithoutKernel: false,
	},
};

/** Throws UndecidedError when bpfgate has no machine for `arch` (`uname -m`). */
export function architecture(arch: string): Architecture {
	const found = architectures[arch];
	if (found) return found;
	throw undecided("architecture-unknown", { arch, known: Object.keys(architectures).join(", ") });
}
