// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

const pullHint = (ids: readonly string[]) =>
	`get ${ids.length === 1 ? "it" : "them"} with: bpfgate kernels pull ${ids.join(" ")}`;

/** Why bpfgate could not decide: tools, downloads, kernels, disk. */
export const hostReasons = defineReasons({
	// Files and tools of this machine.
	"host-failed": {
		message: "a system call on the host failed, such as reading or writing a file",
		hint: "free some space and give this user access to the file, or name another folder: BPFGATE_CACHE is that of the cache, TMPDIR that of temporary files",
	},
	"host-memory": {
		message: (f: { mib: number }) =>
			`the host has less than ${f.mib} MiB of free memory, which one guest needs`,
		hint: "close other programs, or run on a machine with more memory",
	},
	"modules-not-here": {
		message: (f: { kernel: string; why: string }) =>
			`the modules of kernel ${f.kernel} are not here: ${f.why}`,
		hint: "fetch the kernel again with bpfgate kernels pull --force, or add it with kernels add --modules",
	},
	"host-too-small": {
		message: (f: { mib: number; maps: number; host: number }) =>
			`the maps take ${f.maps} MiB: a guest for them needs ${f.mib} MiB, and this host has ${f.host} MiB`,
		hint: "run it on a machine with more memory, or make the maps smaller (max_entries)",
	},
	"not-written": {
		message: (f: { path: string; why: string }) => `${f.path}: cannot be written: ${f.why}`,
		hint: "make room there or name another place, and run it again",
	},
	"changed-meanwhile": {
		message: (f: { file: string }) => `nothing was written: ${f.file} changed while its vectors ran`,
		hint: "record again",
	},
	"tool-missing": {
		message: (f: { what: string }) => f.what,
		hint: (f: { tool: string; advice?: string }) =>
			f.advice === undefined ? `install ${f.tool}` : `run ${f.advice}`,
		meaning: "a tool that bpfgate starts is not installed, or cannot do what is needed of it",
	},
	"not-built": {
		message: (f: { path: string }) => `${f.path} is not built`,
		hint: "run ci/setup",
	},
	"linker-failed": {
		message: (f: { why: string }) => `build/loader/link-objects, which links objects, failed: ${f.why}`,
		hint: "run it where seccomp filters are allowed, or list an object that bpftool gen object has linked",
		meaning: "the program that links objects could not run",
	},
	"agent-missing": {
		message: (f: { path: string }) => `${f.path}: the guest agent is not built`,
		hint: "run ci/setup",
	},
	"build-failed": {
		message: (f: { tool: string; why: string }) => `${f.tool}: ${f.why}`,
		hint: "report it: bpfgate or the tool has a defect",
		meaning: "a compiler or linker failed while bpfgate built a part of itself",
	},
	"archive-failed": {
		message: (f: { tool: string; why: string }) => `${f.tool}: ${f.why}`,
		hint: "try .tar.gz",
		meaning: "the tool that packs an archive failed",
	},
	"openssl-failed": {
		message: (f: { command: string; why: string }) => `openssl ${f.command}: ${f.why}`,
		hint: "install openssl 3.0 or newer",
	},
	"openssl-timeout": {
		message: (f: { command: string; seconds: number }) =>
			`openssl ${f.command} did not end within ${f.seconds} s`,
		hint: "touch the device that holds the key if it waits for that, and try again",
	},
	"loader-timeout": {
		message: (f: { object: string; seconds: number }) =>
			`${f.object}: libbpf did not generate its loader within ${f.seconds} s`,
		hint: "try again when the machine is less busy, then look in the object for what keeps libbpf busy",
	},

	// Debian mirrors and what comes from them.
	"no-mirror": {
		message: "apt is not configured for a Debian mirror",
		hint: "name one with --mirror or BPFGATE_MIRROR, as in <address>/debian",
	},
	"keyring-missing": {
		message: (f: { keyring: string }) => `${f.keyring} is missing, so Debian's signatures cannot be checked`,
		hint: "install the package debian-archive-keyring",
	},
	"mirror-unreachable": {
		message: (f: { suite: string; why: string }) => `${f.suite}: ${f.why}`,
		hint: "check the network, or name another mirror with --mirror or BPFGATE_MIRROR",
		meaning: "apt cannot read a suite of the mirror",
	},
	"index-not-valid": {
		message: (f: { suite: string; why: string }) => `${f.suite}: ${f.why}`,
		hint: (f: { now: string; expired: boolean }) =>
			`check this machine's clock (${f.now})${f.expired ? '; for a mirror that no longer changes, such as a snapshot, put `Acquire::Check-Valid-Until "false";` into /etc/apt/apt.conf.d' : ""}`,
		meaning: "the Release file of a suite has expired or is not valid yet",
	},
	"index-unreadable": {
		message: (f: { index: string }) => `${f.index}: apt cannot read its own index`,
		hint: "fetch it again with: bpfgate kernels pull --update",
	},
	"index-malformed": {
		message: (f: { mirror: string; path: string }) =>
			`${f.mirror}: the index lists ${f.path} without size and SHA-256`,
		hint: "name another mirror with --mirror or BPFGATE_MIRROR",
	},
	"download-failed": {
		message: (f: { uri: string; why: string }) => `${f.uri}: ${f.why}`,
		hint: "try again, or update the index with `bpfgate kernels pull --update` if the mirror no longer has the file",
		meaning: "a file of the mirror could not be downloaded, or is not what the index says",
	},
	"source-not-in-archive": {
		message: (f: { source: string; suites: string; mirror: string }) =>
			`${f.source} is not in ${f.suites} of ${f.mirror}`,
		hint: (f: { file: string; sha256: string; folder: string }) =>
			`copy ${f.file} (SHA-256 ${f.sha256}) to ${f.folder}`,
	},

	// Kernels.
	"kernel-not-in-archive": {
		message: (f: { what: string }) => f.what,
		hint: "name another mirror with --mirror, or add an image of your own with: bpfgate kernels add",
		meaning: "the mirror has no complete release of a kernel",
	},
	"kernel-not-pulled": {
		message: (f: { kernels: readonly string[] }) =>
			`kernel${f.kernels.length === 1 ? "" : "s"} ${f.kernels.join(", ")} ${f.kernels.length === 1 ? "is" : "are"} not in the store`,
		hint: (f: { kernels: readonly string[] }) => pullHint(f.kernels),
	},
	"kernels-not-pulled": {
		message: (f: { failed: number; wanted: number }) =>
			`${f.failed} of ${f.wanted} kernels could not be pulled`,
		hint: (f: { advice: string }) => `see the errors above; for the first: ${f.advice}`,
	},
	"store-damaged": {
		message: (f: { path: string; what: string }) => `${f.path}: ${f.what}`,
		hint: (f: { kernel: string; own: boolean }) =>
			f.own
				? `add the image again with: bpfgate kernels add <image> --id ${f.kernel}`
				: `fetch the kernel again with: bpfgate kernels pull ${f.kernel} --force`,
		meaning: "the image or the modules of a kernel differ from those that were stored",
	},
	"architecture-unknown": {
		message: (f: { arch: string }) => `bpfgate has no machine for kernels of ${f.arch}`,
		hint: (f: { known: string }) => `use a kernel for one of: ${f.known}`,
	},
	"feature-unknown": {
		message: (f: { kernel: string; what: string }) => `kernel ${f.kernel} does not say ${f.what}`,
		hint: "leave the requirement out for this kernel, or add the kernel with its configuration and modules",
	},

	// QEMU.
	"qemu-missing": {
		message: (f: { qemu: string }) => `${f.qemu} does not run`,
		hint: "run bpfgate doctor",
	},
	"confine-failed": {
		message: (f: { why: string }) => `build/loader/confine, which confines QEMU, cannot be started: ${f.why}`,
		hint: "run ci/setup",
	},
	"qemu-refused": {
		message: (f: { why: string }) => `QEMU: ${f.why}`,
		hint: "run bpfgate doctor and check that QEMU is 7.2 or newer",
		meaning: "QEMU refused a command, or its answer is not QMP",
	},
	"template-failed": {
		message: "QEMU could not save the guest",
		hint: "make room in the cache, or name another with BPFGATE_CACHE",
	},

	// What a command was asked for.
	"recording-not-reproduced": {
		message: (f: { vectors: number }) =>
			`nothing was written: ${f.vectors} vector${f.vectors === 1 ? " fails" : "s fail"} with the recorded expectations`,
		hint: "put random values and times under `volatile`, or leave the vector out with --vector",
	},
	"no-trusted-certificate": {
		message: (f: { path: string }) =>
			`${f.path}: intact, but no certificate is named as trusted, so anyone may have signed it`,
		hint: "name the signer with --certificate FILE or --trust FOLDER",
	},
});
