// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

const signAgain = "sign again with `bpfgate sign`, or with bpftool 7.8";
const otherObject =
	"sign the object again: it was rebuilt after it was signed, or the signature is another object's";
const goodKey =
	"sign with RSA of 2048, 3072 or 4096 bits, or ECDSA on P-256, P-384 or P-521: `bpfgate keygen` makes a key";

/** What the lint of signed loaders finds; docs/signature-lint.md explains each. */
export const lintReasons = defineReasons({
	"unknown-loader": {
		message: "libbpf's loaders do not have such instructions, so what this loader installs is unknown",
		hint: "sign loaders that `bpfgate sign` or `bpftool gen skeleton -L -S` makes",
	},
	"metadata-unchecked": {
		message:
			"the signature covers the instructions alone, and they do not compare the hash of their data: any data goes with this signature",
		hint: "make the loader for signing: `bpfgate sign`, or bpftool's -S",
	},
	"metadata-not-exclusive": {
		message:
			"the loader compares the hash of its data but accepts a map that other programs can write, so the data can change after the comparison (CVE-2026-80675)",
		hint: (f: { contract: string }) =>
			f.contract === "insns"
				? "use contract insns-excl on 7.1 and 7.2 and insns-maps on 7.3, and sign nothing for older kernels once you have none: a loader cannot ask them"
				: signAgain,
	},
	"metadata-hash-differs": {
		message:
			"the loader compares the hash of its data with that of other data, and refuses to run with these",
		hint: "sign the object again: the data was changed after the loader was made",
	},
	"host-sizes-maps": {
		message: (f: { maps: string }) =>
			`the process that runs the loader chooses the size of ${f.maps}; the signature does not cover it`,
		hint: signAgain,
	},
	"host-initial-values": {
		message: (f: { maps: string }) =>
			`the process that runs the loader chooses the initial content of ${f.maps}, with the constants of programs; the signature does not cover it`,
		hint: signAgain,
	},
	"host-input": {
		message: (f: { offset: number }) =>
			`the loader reads its context at byte ${f.offset}, which libbpf's loaders only write: the process that runs it influences what it installs`,
		hint: signAgain,
	},
	"payload-too-large": {
		message: (f: { bytes: number; most: number }) =>
			`the signature covers ${f.bytes} bytes; kernels accept at most ${f.most}`,
		hint: "split the object, or fill large maps after loading",
	},
	"other-maps": {
		message: (f: { maps: string }) => `the loader's maps differ from those that it should make: ${f.maps}`,
		hint: otherObject,
	},
	"other-programs": {
		message: (f: { programs: string }) =>
			`the loader's programs differ from those that it should load: ${f.programs}`,
		hint: otherObject,
	},
	"other-instructions": {
		message: (f: { program: string }) =>
			`the loader's program ${f.program} has other instructions than the object's`,
		hint: otherObject,
	},
	"signature-unreadable": {
		message: (f: { why: string }) => `the signature ${f.why}`,
		hint: "sign again",
	},
	"signature-too-large": {
		message: (f: { bytes: number; most: number }) =>
			`the signature has ${f.bytes} bytes; kernels accept at most ${f.most}`,
		hint: "leave certificates and attributes out of it: openssl cms -sign -nocerts -noattr",
	},
	"weak-digest": {
		message: (f: { digest: string }) =>
			`the signature is over a hash of ${f.digest}, for which two programs with the same hash can be made`,
		hint: "sign again with SHA-256",
	},
	"content-attached": {
		message: "the signature contains the content; kernels refuse it, as they have the content themselves",
		hint: "sign again, detached",
	},
	"attributes-signed": {
		message: "the signature covers attributes, and the program only through a hash among them",
		hint: "sign again without attributes: openssl cms -sign -noattr",
	},
	"certificates-embedded": {
		message: (f: { certificates: number }) =>
			`the signature contains ${f.certificates === 1 ? "a certificate" : `${f.certificates} certificates`}: kernels follow them to a key that they trust, so anyone whom that key certified can sign`,
		hint: "sign again without certificates: openssl cms -sign -nocerts",
	},
	"certificate-expired": {
		message: (f: { subject: string; until: string }) =>
			`the certificate of ${f.subject} expired at ${f.until}; kernels ignore the date`,
		hint: "sign again with a valid certificate, and remove the old one from the keyrings",
	},
	"certificate-not-yet-valid": {
		message: (f: { subject: string; from: string }) =>
			`the certificate of ${f.subject} is not valid before ${f.from}; kernels ignore the date`,
		hint: "check this machine's clock, or sign with another certificate",
	},
	"certificate-usage": {
		message: (f: { subject: string; usage?: string }) =>
			f.usage === undefined
				? `the certificate of ${f.subject} does not say what its key is for`
				: `the certificate of ${f.subject} is for ${f.usage}, not for digitalSignature`,
		hint: "sign with a certificate of key usage digitalSignature: `bpfgate keygen` makes one",
	},
	"weak-key": {
		message: (f: { subject: string; key: string }) =>
			`the key of ${f.subject} is ${f.key}, which can be broken`,
		hint: goodKey,
	},
	"key-unsupported": {
		message: (f: { subject: string; key: string }) =>
			`the key of ${f.subject} is ${f.key}, which no kernel accepts`,
		hint: goodKey,
	},
});
