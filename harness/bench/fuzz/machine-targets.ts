// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { STB } from "../../data/package/elf/elf.js";
import { buildElf } from "../../data/package/elf/testelf.js";
import { encodeFrame, FrameDecoder, FrameError } from "../../machine/guest/frame.js";
import { decodePayload, encodePayload } from "../../machine/guest/payload.js";
import { parseCatalog } from "../../machine/kernel/catalog.js";
import { parseConfig } from "../../machine/kernel/config.js";
import { parseImage } from "../../machine/kernel/image.js";
import { readModinfo } from "../../machine/kernel/modinfo.js";
import { moduleSymbols } from "../../machine/kernel/module-symbols.js";
import { fakeBzImage, fakeModule } from "../../machine/kernel/testkernel.js";
import { Console } from "../../machine/vm/console.js";
import { filesOf } from "./seeds.js";
import type { FuzzTarget } from "./target.js";

const isFrameError = (error: unknown) => error instanceof FrameError;

const answers = [
	{ result: { programs: [{ id: 1, name: "count", tag: new Uint8Array(8) }], next: null } },
	{ error: { errno: 22, what: "BPF_PROG_LOAD", log: "x".repeat(300) } },
].map(encodePayload);

const payload: FuzzTarget = {
	name: "payload",
	seeds: () => answers,
	read: decodePayload,
	refuses: isFrameError,
};

/** An answer in pieces, as a channel gives them. */
const frames: FuzzTarget = {
	name: "frames",
	seeds: () => [Buffer.concat(answers.map((answer) => encodeFrame(new Uint8Array(8), answer)))],
	read(bytes) {
		const decoder = new FrameDecoder();
		for (let at = 0; at < bytes.length; at += 100)
			for (const { payload } of decoder.push(bytes.subarray(at, at + 100))) decodePayload(payload);
	},
	refuses: isFrameError,
};

/** A console refuses nothing. */
const console: FuzzTarget = {
	name: "console",
	words: [
		"[    1.000000] ",
		"\r\n",
		"------------[ cut here ]------------\n",
		"BUG: ",
		"Kernel panic",
		"\x1b[",
	],
	seeds: () => filesOf("harness/machine/vm/testdata", /console\.txt$/),
	async read(bytes) {
		const stream = new PassThrough();
		const read = new Console(stream);
		for (let at = 0; at < bytes.length; at += 4096) stream.write(bytes.subarray(at, at + 4096));
		stream.end();
		await finished(stream);
		void read.tail;
	},
};

const image: FuzzTarget = {
	name: "kernel-image",
	seeds: () => [fakeBzImage("6.12.117+deb13-cloud-amd64")],
	read: (bytes) => parseImage("bzImage", Buffer.from(bytes)),
};

const config: FuzzTarget = {
	name: "kernel-config",
	seeds: () => [
		Buffer.from('CONFIG_BPF=y\n# CONFIG_KVM is not set\nCONFIG_LSM="landlock,bpf"\nCONFIG_HZ=250\n'),
	],
	read: (bytes) => parseConfig("config", Buffer.from(bytes).toString()),
};

const modules: FuzzTarget = {
	name: "kernel-module",
	seeds: () => [fakeModule("veth", ["virtio-ring", "virtio"])],
	read: (bytes) => readModinfo("x.ko", bytes),
};

const symbols: FuzzTarget = {
	name: "module-symbols",
	seeds: () => [
		buildElf({
			machine: 62,
			sections: [{ name: ".text", data: new Uint8Array(64) }],
			symbols: [{ name: "br_forward", section: ".text", size: 8, binding: STB.LOCAL }],
		}),
	],
	read: (bytes) => moduleSymbols("x.ko", bytes),
};

const catalog: FuzzTarget = {
	name: "catalog",
	json: true,
	seeds: () => filesOf("kernels", /^catalog\.json$/),
	read: (bytes) => parseCatalog("catalog.json", Buffer.from(bytes).toString()),
};

export const machineTargets = [payload, frames, console, image, config, modules, symbols, catalog];
