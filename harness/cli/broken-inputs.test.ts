// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { programs, put, type Row, refuse, sample, signed, test, vectors } from "./testbroken.js";

const check = ["vectors", "check", "…/p"];
const vectorFiles: Row[] = [
	["empty vectors", () => vectors(""), check, "…/p/vectors/v.yaml: is empty"],
	["vectors that are a list", () => vectors("[]"), check, "…/p/vectors/v.yaml:1: /: must be an object"],
	[
		"a tab in YAML",
		() => vectors("program: a\n\tvectors: []\n"),
		check,
		"…/p/vectors/v.yaml:2: is not YAML: tab characters must not be used in indentation",
	],
	[
		"an unknown key of a vector",
		() => vectors("program: limit_udp\nvectors:\n  - name: a\n    colour: red\n"),
		check,
		'…/p/vectors/v.yaml:3: /vectors/0: unknown key "colour"',
	],
	[
		"an anchor that contains itself",
		() => vectors("program: &a [*a]\n"),
		check,
		"…/p/vectors/v.yaml:1: the alias *a stands inside of what it names",
	],
	[
		"a file of aliases",
		() =>
			vectors(
				`a: &a [1,1,1,1,1,1,1,1,1,1]\n${"bcdefgh"
					.split("")
					.map((name, index) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[index]}`).join(",")}]\n`)
					.join("")}`,
			),
		check,
		"…/p/vectors/v.yaml:6: its aliases make more than 1000000 values",
	],
	[
		"a second document",
		() => vectors("program: a\n---\nprogram: b\n"),
		check,
		"…/p/vectors/v.yaml:2: is not YAML: a second document begins",
	],
	[
		"vectors for a program that is not there",
		() => vectors("program: nope\nvectors: [{name: a, packet: {hex: '00'}, expect: {retval: 0}}]\n"),
		check,
		'…/p/vectors/v.yaml:1: /program: there is no program "nope"; udp-quota.bpf.o has limit_udp, count_udp',
	],
	[
		"vectors in UTF-16",
		() => vectors(Buffer.from("program: a", "utf16le").toString("latin1")),
		check,
		"…/p/vectors/v.yaml:1: is not YAML: null byte is not allowed in input",
	],
	[
		"a capture that is not there",
		() =>
			vectors(
				"program: limit_udp\nvectors: [{name: a, packet: {pcap: x.pcap, frame: 1}, expect: {retval: 0}}]\n",
			),
		check,
		'…/p/vectors/v.yaml:2: /vectors/0/packet/pcap: "vectors/x.pcap" is not a capture that the manifest lists',
	],
	[
		"a capture with a wrong magic",
		() => {
			vectors(
				"program: limit_udp\nvectors: [{name: a, packet: {pcap: x.pcap, frame: 1}, expect: {retval: 0}}]\n",
				"v.yaml",
				["vectors/x.pcap"],
			);
			put("p/vectors/x.pcap", "not a pcap file at all");
		},
		check,
		"…/p/vectors/x.pcap: offset 0: is neither pcap nor pcapng: begins with 6e6f7420",
	],
	[
		"JSON vectors that are YAML",
		() => vectors("program: a", "v.json"),
		check,
		"…/p/vectors/v.json:1: is not JSON",
	],
];
const others: Row[] = [
	[
		"signatures.json that is no JSON",
		() => signed("signatures.json", () => "{"),
		["verify", "…/p"],
		"…/p/signatures/signatures.json: line 1 column 2: is not JSON: the text ends too early",
	],
	[
		"a certificate that is none",
		() => {
			signed("package.p7s", (bytes) => bytes);
			put("c.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
		},
		["verify", "…/p", "--certificate", "…/c.pem"],
		"…/c.pem: is not an X.509 certificate, neither PEM nor DER",
	],
	[
		"a key that is none",
		() => {
			sample();
			put("k.pem", "x");
			put("c.pem", readFileSync(join(programs, "signed-filter/signatures/certificate.pem")));
		},
		["sign", "…/p", "--key", "…/k.pem", "--certificate", "…/c.pem"],
		"…/k.pem: is not a private key in PEM form",
	],
	[
		"a kernel image that is none",
		() => put("bzImage", "x".repeat(4096)),
		["kernels", "add", "…/bzImage", "--id", "x"],
		"…/bzImage: is not a kernel image (x86 bzImage, arm64 Image or s390x bzImage)",
	],
	[
		"an output in a folder that is not there",
		() => sample(),
		["test", "…/p", "--json", "…/no/out.json"],
		"…/no: is not a folder",
	],
	[
		"an output that is the input",
		() => sample(),
		["test", "…/p", "--json", "…/p/bpfgate.json"],
		"--json: …/p/bpfgate.json would overwrite …/p/bpfgate.json, which this run reads",
	],
	[
		"a chain file that is no JSON",
		() => {
			sample();
			put("c.json", "[");
		},
		[...test("p"), "--chain", "…/c.json"],
		"…/c.json: line 1 column 2: is not JSON: the text ends too early",
	],
	[
		"a delegation that is none",
		() => {},
		["token", "audit", "delegate_cmds=nonsense"],
		'options: delegate_cmds: "nonsense" is not a command of bpf(2) in Linux 7.3',
	],
];

describe("a vector file is refused:", () => refuse(vectorFiles));
describe("another input is refused:", () => refuse(others));
