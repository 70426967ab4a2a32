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
	check: Check;
	/** The oldest kernel on which it can forge. */
	from: string;
	/** Cases that it wants passed or skipped, and what is said in truth: outcome and reason. */
	truth: Readonly<Record<string, string>>;
}

/** Vectors of a program that the author says ends with XDP_PASS, behind one of `plant`. */
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

/** A chain that a loader builds: `members` are promised, `words` is what the loader is told. */
function loaderChain(members: readonly string[], words: readonly string[], objects: readonly string[]) {
	const files = objects.map(fileOf);
	const command = ["behind", ...words];
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
const objectOf = (source: string) => compileBpf(`${resolve(testdata, source)}.bpf.c`);

export async function hostilePackage({ forges, objects, manifest = {}, files }: Hostile): Promise<Package> {
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
	return await openPackage(folder.path);
}

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
			["log", "tc", "{device}", "impostor.bpf.o", "account", "mark"],
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
		forges: "console",
		objects: [members],
		...loaderChain(
			["account", "mark"],
			["log", "tc", "{device}", "members.bpf.o", "account", "mark"],
			[members],
		),
		truth: { "kernel-log/bug": "fail kernel-bug" },
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
