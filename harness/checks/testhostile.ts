// SPDX-License-Identifier: Apache-2.0
import { machine } from "node:os";
import { basename, join, resolve } from "node:path";
import { openPackage, type Package } from "../data/package/package.js";
import { temporaryFolder } from "../data/package/testpackage.js";
import type { Check } from "../lab/check.js";
import { compileBinary, compileBpf } from "../machine/guest/agent/testobject.js";
import { linkLibbpf } from "../machine/guest/build.js";
import { chainCheck } from "./chain/chain.js";
import { loadCheck } from "./load/load-check.js";
import { signatureCheck } from "./signature/signature.js";
import { signCarelessly, signHonestly, signOther } from "./testhostilesigner.js";
import { tokenCheck } from "./token/token-check.js";
import { vectorsCheck } from "./vectors/vectors-check.js";

const testdata = join(import.meta.dirname, "testdata/hostile");
const lyingTracer = join(import.meta.dirname, "../machine/vm/view/testdata/lying-tracer");
const chainTestdata = join(import.meta.dirname, "chain/testdata");
const members = join(chainTestdata, "members");
const libbpf = join(import.meta.dirname, "../../build/libbpf");

/** A package that forges one kind of verdict. */
export interface Hostile {
	/** What it forges. */
	forges: string;
	/** Sources of its objects, without `.bpf.c`, in the order of the manifest. */
	objects: readonly string[];
	manifest?: Record<string, unknown>;
	/** Further files by their path in the package. */
	files?: () => Promise<Record<string, Uint8Array | string>>;
	/** Signs the package in this folder. */
	sign?: (folder: string) => Promise<void>;
	check: Check;
	/** The oldest kernel on which it can forge. */
	from: string;
	/** The newest one; default: all. */
	to?: string;
	/** Cases that it wants passed or skipped, and what is said in truth: outcome and reason. */
	truth: Readonly<Record<string, string>>;
}

/** Vectors of a program that the author says passes packets, behind one of `plant`. */
const vectorsOf = (program: string, more = "") => ({
	manifest: { vectors: ["vectors.yaml"] },
	files: async () => ({
		"vectors.yaml": `vectors:
  - { name: plants, program: plant, expect: { retval: 0 } }
  - { name: told, program: ${program}, packet: { layers: [{ eth: {} }, { ipv4: {} }, { udp: {} }] }, expect: { retval: XDP_PASS${more} } }
`,
	}),
	check: vectorsCheck,
	/** Syscall programs can attach others since 5.19. */
	from: "6.1",
});

/**
 * A chain that a loader builds, which `behind` starts: `members` are promised, `words` is what the
 * loader is told.
 */
function loaderChain(members: readonly string[], words: readonly string[], objects: readonly string[]) {
	return chainBy(members, ["behind", ...words], objects);
}

/** The same by any loader. */
function chainBy(members: readonly string[], command: readonly string[], objects: readonly string[]) {
	const files = objects.map(fileOf);
	const chain = {
		...{
			name: "edge",
			hook: "tc_ingress",
			mechanism: "tc",
			members: members.map((program) => ({ program })),
		},
		loader: { command, files: ["behind", "attach-all", ...files] },
	};
	return {
		manifest: { chains: [chain] },
		files: async () => ({
			behind: await binary(join(testdata, "behind.c")),
			"attach-all": await binary(join(chainTestdata, "attach-all.c")),
			...Object.fromEntries(
				await Promise.all(objects.map(async (each) => [fileOf(each), await objectOf(each)])),
			),
		}),
		check: chainCheck,
		from: "5.10",
	};
}

async function binary(source: string): Promise<Uint8Array> {
	return compileBinary(
		source,
		...["-static", "-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi")],
		...(await linkLibbpf(libbpf, machine())),
	);
}

const fileOf = (source: string) => `${basename(source)}.bpf.o`;
/** The object of a source in `testdata/`, or of an absolute path. */
const objectOf = (source: string, ...flags: string[]) =>
	compileBpf(`${resolve(testdata, source)}.bpf.c`, ...flags);

export async function hostilePackage({
	forges,
	objects,
	manifest = {},
	files,
	sign,
}: Hostile): Promise<Package> {
	const compiled = await Promise.all(
		objects.map(async (source) => [fileOf(source), await objectOf(source)] as const),
	);
	const json = JSON.stringify({
		...{ name: forges, version: "1", objects: compiled.map(([file]) => file) },
		...manifest,
	});
	await using folder = await temporaryFolder({
		...{ "bpfgate.json": json, ...Object.fromEntries(compiled) },
		...(await files?.()),
	});
	await sign?.(folder.path);
	return await openPackage(folder.path);
}

/** Packages with programs of the same kinds, which deserve to pass. */
export const honest: readonly Hostile[] = [
	{
		forges: "nothing",
		objects: [join(testdata, "../honest/observer")],
		check: loadCheck,
		from: "5.10",
		truth: {},
	},
	{
		forges: "nothing-by-calls",
		objects: [join(testdata, "../honest/caller")],
		manifest: { vectors: ["vectors.yaml"], kernels: { from: "6.1" } },
		files: async () => ({
			"vectors.yaml": "vectors:\n  - { name: calls, program: make_map, expect: { retval: 0 } }\n",
		}),
		sign: signHonestly,
		check: vectorsCheck,
		from: "6.1",
		truth: {},
	},
	{
		forges: "nothing-by-loader",
		objects: [members],
		...chainBy(
			["account", "mark"],
			["attach-all", "tc", "{device}", "members.bpf.o", "account", "mark"],
			[members],
		),
		truth: {},
	},
];

export const hostile: readonly Hostile[] = [
	{
		forges: "load-result",
		objects: ["load-result", "refused"],
		check: loadCheck,
		from: "5.10",
		truth: { "program/refused": "fail out-of-bounds" },
	},
	{
		forges: "unsupported",
		objects: ["unsupported", "refused"],
		check: loadCheck,
		from: "5.10",
		truth: { "program/refused": "fail out-of-bounds" },
	},
	{
		forges: "attach-result",
		objects: ["attach-result"],
		check: loadCheck,
		from: "5.10",
		truth: { "attach/probe_absent": "fail attach-symbol-missing" },
	},
	{
		forges: "inventory",
		objects: [lyingTracer],
		check: loadCheck,
		from: "5.10",
		truth: { "leftovers/lying-tracer.bpf.o": "fail agent-deceived" },
	},
	{
		forges: "results",
		objects: ["results"],
		...vectorsOf("drop"),
		truth: { "vectors/told": "fail vector-mismatch", leftovers: "fail leftovers" },
	},
	{
		forges: "answers",
		objects: ["answers"],
		...vectorsOf("drop"),
		truth: { "vectors/told": "fail vector-mismatch", leftovers: "fail leftovers" },
	},
	{
		forges: "map-contents",
		objects: ["map-contents"],
		...vectorsOf("count", ", maps_after: { packets: { 0: 1 } }"),
		truth: { "vectors/told": "fail vector-mismatch", leftovers: "fail leftovers" },
	},
	{
		forges: "impostor",
		objects: [members],
		...loaderChain(
			["account", "mark"],
			["quiet", "tc", "{device}", "impostor.bpf.o", "account", "mark"],
			["impostor"],
		),
		truth: {
			"edge/loader": "fail loader-impostor",
			"edge/configured": "fail chain-configured",
			"edge/executed": "fail chain-executed",
		},
	},
	{
		forges: "netlink",
		objects: [members],
		...loaderChain(
			["account", "mark"],
			["netlink.bpf.o", "tc", "{device}", "members.bpf.o", "mark", "account"],
			["netlink", members],
		),
		truth: { "edge/configured": "fail list-contradicted", "edge/executed": "fail chain-executed" },
	},
	{
		forges: "agent",
		objects: [members],
		...loaderChain(
			["account", "mark"],
			["agent", "tc", "{device}", "members.bpf.o", "mark", "account"],
			[members],
		),
		truth: { "edge/configured": "fail chain-configured", "edge/executed": "fail chain-executed" },
	},
	{
		forges: "signature",
		objects: ["signature"],
		manifest: { vectors: ["vectors.yaml"] },
		files: async () => ({
			"vectors.yaml": "vectors:\n  - { name: plants, program: plant, expect: { retval: 0 } }\n",
		}),
		sign: signCarelessly,
		check: signatureCheck,
		from: "6.18",
		to: "7.2",
		truth: {
			"signature.bpf.o/vectors": "pass",
			"signature.bpf.o/metadata-not-frozen": "fail signature-not-enforced",
			"signature.bpf.o/leftovers": "fail leftovers",
		},
	},
	{
		forges: "installed",
		objects: ["installed"],
		sign: async (folder) => signOther(folder, "installed.bpf.o", await objectOf("installed", "-DPASSES")),
		check: signatureCheck,
		from: "6.1",
		truth: { "installed.bpf.o/installs": "fail installs-others" },
	},
	{
		forges: "console",
		objects: [members],
		...loaderChain(
			["account", "mark"],
			["log", "tc", "{device}", "members.bpf.o", "account", "mark"],
			[members],
		),
		truth: { "edge/loader": "fail loader-failed" },
	},
	{
		forges: "marker",
		objects: ["marker"],
		manifest: {
			chains: [
				{
					name: "edge",
					hook: "tc_ingress",
					mechanism: "tc",
					members: [{ program: "gate" }, { program: "behind" }],
				},
			],
		},
		check: chainCheck,
		from: "5.10",
		truth: { "edge/executed": "fail member-never-ran" },
	},
	{
		forges: "token",
		objects: ["token"],
		manifest: {
			vectors: ["vectors.yaml"],
			token: {
				commands: ["map_create", "prog_load", "btf_load", "raw_tracepoint_open", "link_create"],
				maps: ["lru_hash"],
				programs: ["socket_filter", "syscall", "lsm"],
				attachments: ["cgroup_inet_ingress", "lsm_mac"],
				capabilities: ["cap_bpf", "cap_perfmon"],
			},
		},
		files: async () => ({
			"vectors.yaml": "vectors:\n  - { name: plants, program: plant, expect: { retval: 0 } }\n",
		}),
		check: tokenCheck,
		from: "6.12",
		truth: { "without-map/lru_hash": "fail too-wide" },
	},
];
