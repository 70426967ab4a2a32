// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** Where a loader's installation should have ended, and where it did. */
export interface Ending {
	what: string;
	/** `refused at load with EKEYREJECTED` */
	expected: string;
	found: string;
}

const ending = ({ what, expected, found }: Ending) => `${what}: expected ${expected}, found ${found}`;
const saying = ({ message }: { message: string }) => message;

/** What the signature check and its lint say of signed loaders. */
export const signatureReasons = defineReasons({
	"package-signature": {
		message: saying,
		meaning: "the signature of the package as a whole, or of one of its files, is not valid",
		hint: "sign the package again with `bpfgate sign`; `bpfgate verify` checks it without a kernel",
	},
	unsignable: {
		message: saying,
		meaning: "libbpf cannot generate a loader for the object, so no kernel can verify a signature of it",
		hint: "sign the package as a whole with `bpfgate sign --contracts none`",
	},
	"contract-not-covered": {
		message: (f: { object: string; covered: string; contract: string }) =>
			`${f.object} is signed for ${f.covered}, but this kernel expects ${f.contract}: it does not accept the signature`,
		hint: "sign the package with `bpfgate sign`, which covers every contract",
	},
	"certificate-refused": {
		message: ending,
		hint: "sign the package again with a key that kernels accept: RSA of 2048, 3072 or 4096 bits, or ECDSA on P-256, P-384 or P-521",
	},
	"signature-refused": {
		message: ending,
		hint: "sign the package again with `bpfgate sign`; the evidence has the kernel's errno and log",
	},
	"signature-not-enforced": {
		message: ending,
		hint: "do not rely on signatures on this kernel; compare its build with the mainline kernel's",
	},
	"signature-unexpected": {
		message: ending,
		hint: "compare with docs/signatures.md, which lists what each contract promises, and report it for a released kernel",
	},
	"loader-differs": {
		message: ending,
		hint: "report this: the object loads directly, but its generated loader cannot install it",
	},
	"loader-unsupported": {
		message: (f: { object: string; found: string }) =>
			`${f.object} loads directly, but its generated loader was ${f.found}`,
		hint: "load the object with libbpf on this kernel: libbpf adapts objects to old kernels, a generated loader cannot",
	},
	"host-override": {
		message: ending,
		hint: "build the loader with `bpfgate sign`: its loaders ignore map sizes and values from the host",
	},
	"not-installed": {
		message: (f: { object: string; why: string }) => `${f.object}: ${f.why}`,
		hint: "see the case `valid`; if it passes, sign the package again with `bpfgate sign`",
	},
	"installs-others": {
		message: (f: { object: string; programs: string }) =>
			`${f.object}: its loader installs other instructions than the object has, as ${f.programs}`,
		hint: "do not accept the package; if it is yours, sign it again with `bpfgate sign`",
		meaning: "the signed loader installs other programs under the names of the object's",
	},
	"signing-changes-behaviour": {
		message: (f: { vector: string; mismatch: string; more: number }) =>
			`${f.vector} fails only when the signed loader installs the object: ${f.mismatch}${f.more > 0 ? ` (and ${f.more} more)` : ""}`,
		hint: "sign the package again with `bpfgate sign`: its loader does not install the same programs as the object",
		meaning: "a vector fails only when the signed loader installs the object",
	},
	"verdict-unexpected": {
		message: (f: { expected: string; found: string }) =>
			`signature verdict of the loader: expected ${f.expected}, found ${f.found}`,
		hint: "do not use gatekeepers that decide by verdict on this kernel",
	},
	"verdict-unreadable": {
		message: saying,
		meaning: "the kernel's signature verdicts (prog->aux->sig) could not be read",
		hint: "use a kernel with BPF iterators (5.10) and BTF; report this for a kernel that has both",
	},
	"kernel-promise-broken": {
		message: (f: {
			kernel: string;
			area: string;
			name: string;
			promise: string;
			expected: string;
			seen: string;
			more: number;
		}) =>
			`${f.kernel} breaks a promise about ${f.area}: ${f.promise} (${f.name}): expected ${f.expected}, found ${f.seen}${f.more > 0 ? ` (and ${f.more} more)` : ""}`,
		hint: "do not rely on this kernel for it; run `bpfgate kernels qualify` for all its promises",
		meaning: "the kernel breaks a promise that the package relies on",
	},
	"no-signatures": {
		message: (f: { gatekeeper: string; kernel: string; shown: string }) =>
			`gatekeeper ${f.gatekeeper}: kernel ${f.kernel} verifies no signatures: ${f.shown}`,
		hint: "use the gatekeeper `deny`, or `loader` from 6.12 on",
	},
	"gatekeeper-refused": {
		message: (f: { gatekeeper: string; kernel: string; why: string }) =>
			`gatekeeper ${f.gatekeeper} cannot be installed on ${f.kernel}: ${f.why}`,
		hint: "do not rely on this gatekeeper on this kernel",
	},
	"gatekeeper-fails": {
		message: (f: { gatekeeper: string; kernel: string; what: string }) =>
			`gatekeeper ${f.gatekeeper} on ${f.kernel}: ${f.what}`,
		hint: "do not rely on this gatekeeper on this kernel; report it with the evidence",
	},
	"bpf-lsm-inactive": {
		message: (f: { gatekeeper: string; kernel: string; active: string }) =>
			`the kernel never calls gatekeeper ${f.gatekeeper}: ${f.kernel} was booted without the BPF LSM (active: ${f.active})`,
		hint: "add bpf to the kernel parameter lsm=",
	},
	"not-applicable": {
		message: (f: { case: string; kernel: string; why: string }) =>
			`${f.case} cannot be tried on ${f.kernel}: ${f.why}`,
		hint: "see the load check, which reports what loads without a gatekeeper",
	},
	"intruder-failed": {
		message: (f: { command: string; status: number; said: string }) =>
			`the process that acts as the attacker could not try \`${f.command}\` (status ${f.status}) ${f.said}`,
		hint: "report this defect of bpfgate",
	},
	"token-loader-failed": {
		message: (f: { status: string; steps: string }) =>
			`the program that loads with a token ended ${f.status} after: ${f.steps}`,
		hint: "report this defect of bpfgate",
	},
});
