// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the token check and `bpfgate token` say of BPF tokens. */
export const tokenReasons = defineReasons({
	"too-narrow": {
		message: (f: { shortfall: string; missing: string }) =>
			`with the declared token ${f.shortfall}${f.missing}`,
		hint: (f: { kinds: string; advice: string }) =>
			`add the missing grants to ${f.kinds} of the manifest; ${f.advice}`,
		meaning:
			"the declared token is not enough; the message names the missing grants, which were found by trying",
	},
	"token-holder-ended": {
		message: (f: { program: string; how: string }) =>
			`${f.program} ends the process that attaches it with the token: ${f.how}`,
		hint: "check which processes its bpf_send_signal calls reach",
		meaning:
			"a process that holds the token is killed or stopped while it attaches the program; the other cases are judged without that attachment",
	},
	"token-undeclared": {
		message: (f: { shortfall: string; missing: string }) =>
			`the manifest declares no token, and without one ${f.shortfall}${f.missing}`,
		hint: "run bpfgate token infer: it prints the smallest sufficient token as the manifest's /token",
		meaning: "the manifest declares no token, and the check was asked for by name",
	},
	"too-wide": {
		message: (f: { difference: string }) => f.difference,
		hint: (f: { kind: string }) =>
			`remove it from /token/${f.kind} of the manifest, unless another kernel or loader needs it; bpfgate token infer shows what each kernel needs`,
		meaning:
			"a grant is declared, but without it the package loads, attaches, and the first vector of each program passes",
	},
	"token-cannot-grant": {
		message: (f: { program: string; refused: string; more: string }) =>
			`${f.program} loads only as root of the initial user namespace; no BPF token can authorise it: ${f.refused} with everything delegated and every capability in the user namespace${f.more}`,
		hint: "leave the program out for users of tokens (autoload), or do without what needs the initial user namespace; the evidence has the verifier's log",
		meaning: "a program loads only as root of the initial user namespace; no BPF token can authorise it",
	},
	"loads-without-token": {
		message: (f: { programs: string }) => `an unprivileged user loads ${f.programs} without a token`,
		hint: "do not rely on this kernel's checks: kernel.unprivileged_bpf_disabled is set, and it asks for no token",
	},
	"implicit-token": {
		message: (f: { where: string; refused: string }) => `with the declared token at ${f.where}, ${f.refused}`,
		hint: "name the bpffs with bpf_token_path in the loader",
	},
	"undeclared-granted": {
		message: (f: { grants: string }) =>
			`the declared token allows ${f.grants}, which the manifest does not declare`,
		hint: "do not use tokens on this kernel: it allows more than is delegated",
	},
	"grant-not-tried": {
		message:
			"the kernel answers every call that needs an undeclared harmful grant the same with and without a token",
		hint: "see the evidence: the kernel has no such types, or allows them only in the initial user namespace",
	},
	"token-promise": {
		message: (f: { kernel: string; promise: string; expected: string; seen: string; more: string }) =>
			`kernel ${f.kernel} breaks a promise: ${f.promise}: expected ${f.expected}, found ${f.seen}${f.more}`,
		hint: "do not rely on tokens on this kernel: see bpfgate kernels qualify --area tokens",
	},
	"no-token": {
		message: (f: { why: string }) => `no token can be created from this delegation: ${f.why}`,
		hint: "give the user cap_bpf, and delegate at least one command, map type, program type or attach type",
	},
	"no-tokens": {
		message: (f: { lack: string }) => f.lack,
		hint: "use a kernel that has BPF tokens and gives unprivileged users a user namespace, such as 6.12",
		meaning: "the kernel has no BPF tokens, so it cannot show any",
	},
	"token-not-found": {
		message:
			"the package works with everything delegated, but not when it is tried again, so its smallest token cannot be found",
		hint: "check for state that it leaves behind: pins, or settings that its programs change",
	},
});
