// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from "node:zlib";
import { readCapture } from "../../data/capture/capture.js";
import { Words } from "../../data/capture/testcapture.js";
import { writePcapng } from "../../data/capture/write.js";
import { readArchive } from "../../data/package/archive.js";
import { Btf } from "../../data/package/btf/btf.js";
import { readElf } from "../../data/package/elf/elf.js";
import { rodataOf } from "../../data/package/elf/rodata.js";
import { sampleObject } from "../../data/package/elf/testobject.js";
import { parseManifest } from "../../data/package/manifest/load-manifest.js";
import { readObject } from "../../data/package/object.js";
import { openPackage, type Package } from "../../data/package/package.js";
import { parseChainFile } from "../../data/package/sections/chain-file.js";
import { tarOf } from "../../data/package/testpackage.js";
import { isCapture } from "../../data/vectors/captured.js";
import { suiteOf } from "../../data/vectors/suite.js";
import { examplePath, filesOf } from "./seeds.js";
import type { FuzzTarget } from "./target.js";

const objects = () => [
	sampleObject(),
	sampleObject({ littleEndian: false }),
	...filesOf("programs/signed-filter", /^udp-quota\.bpf\.o$/),
];

const elf: FuzzTarget = {
	name: "elf",
	seeds: objects,
	read(bytes) {
		const { programs, btfExt } = readObject("x.bpf.o", bytes);
		for (const { section, offset } of programs) btfExt?.lineAt(section, offset);
	},
};

const rodata: FuzzTarget = {
	name: "rodata",
	seeds: () => [sampleObject(), sampleObject({ littleEndian: false })],
	read: (bytes) =>
		rodataOf({
			...readObject("x.bpf.o", bytes),
			settings: { file: "x.bpf.o", rodata: { limit: 7, config: { label: "a" }, hidden: 1 } },
		}),
};

const btf: FuzzTarget = {
	name: "btf",
	seeds: () =>
		objects().map((bytes) => {
			const section = readElf("x.bpf.o", bytes).sections.find(({ name }) => name === ".BTF");
			return section!.data;
		}),
	read(bytes) {
		const read = new Btf("x.bpf.o", bytes);
		for (let id = 1; id < read.size; id++) read.type(id);
	},
};

const manifest: FuzzTarget = {
	name: "manifest",
	json: true,
	seeds: () => filesOf("programs", /^[^/]+\/bpfgate\.json$/),
	read: (bytes) => parseManifest("bpfgate.json", bytes),
};

const chainFile: FuzzTarget = {
	name: "chain-file",
	json: true,
	seeds: () => filesOf("programs", /^[^/]+\.chain\.json$/),
	read: (bytes) => parseChainFile("x.chain.json", bytes),
};

let filter: Package;

/** The errors of a vector file are in its suite; all that is wrong must be among them. */
function readVectors(file: string, bytes: Uint8Array): void {
	const captures = filter.vectors.filter(isCapture);
	const { invalid } = suiteOf({ ...filter, vectors: [...captures, { file, display: file, bytes }] });
	const error = invalid[0]?.errors[0];
	if (error) throw error;
}

const vectorSeeds = async (suffix: RegExp) => {
	filter ??= await openPackage(examplePath("signed-filter"));
	return filter.vectors.filter(({ file }) => suffix.test(file)).map(({ bytes }) => bytes);
};

const vectors: FuzzTarget = {
	name: "vectors-json",
	json: true,
	seeds: async () => {
		const { parse } = await import("yaml");
		const texts = await vectorSeeds(/\.ya?ml$/);
		return texts.map((bytes) => Buffer.from(JSON.stringify(parse(Buffer.from(bytes).toString()))));
	},
	read: (bytes) => readVectors("vectors/x.json", bytes),
};

const yamlVectors: FuzzTarget = {
	name: "vectors-yaml",
	words: [
		"&a ",
		"*a",
		"<<: *a\n",
		"? ",
		"- ",
		"!!binary ",
		"|\n",
		"{",
		"[",
		"\n---\n",
		"%YAML 1.2\n",
		"\t",
		"'",
	],
	seeds: () => vectorSeeds(/\.ya?ml$/),
	read: (bytes) => readVectors("vectors/x.yaml", bytes),
};

const frames = [Uint8Array.of(1, 2, 3, 4), new Uint8Array(1500).fill(7)];
const pcapOf = (words: Words) =>
	words.pcap(0xa1b2c3d4, 1, ...frames.map((bytes, index) => words.record(index, 0, bytes)));

const capture: FuzzTarget = {
	name: "capture",
	seeds: () => {
		const pcapng = writePcapng(frames.map((bytes) => ({ bytes, comments: ["frame"] })));
		const pcap = pcapOf(new Words(true));
		return [pcapng, pcap, pcapOf(new Words(false)), gzipSync(pcap)];
	},
	read: (bytes) => readCapture("x.pcapng", bytes),
};

const tar = tarOf([
	{ path: "./", type: "5" },
	{ path: "bpfgate.json", data: "{}" },
	{ path: "bpf/count.bpf.o", data: sampleObject() },
	{ path: "other", type: "2", link: "bpf/count.bpf.o" },
]);

const archive: FuzzTarget = {
	name: "archive",
	seeds: () => [tar, gzipSync(tar)],
	read: (bytes) => readArchive("x.tar.gz", bytes),
};

export const packageTargets = [elf, rodata, btf, manifest, chainFile, vectors, yamlVectors, capture, archive];
