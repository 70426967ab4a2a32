// SPDX-License-Identifier: Apache-2.0

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { execa } from "execa";
import { undecided } from "../data/reasons/registry/registry.js";
import type { VectorSession } from "../lab/subject/session/vector-session.js";
import type { GuestClient } from "../machine/guest/client.js";

/** uapi/linux/bpf.h */
const BPF_OBJ_PIN = 6;
const folder = "/run";
const input = `${folder}/frame`;

/** A loaded and pinned program, run by a bpftool copied into the guest with its libraries. */
export class PinnedProgram {
	private constructor(
		private readonly client: GuestClient,
		private readonly object: number,
		private readonly pin: string,
		/** The command without its arguments: the dynamic loader with the path of the libraries. */
		private readonly bpftool: readonly string[],
	) {}

	/** @throws UndecidedError `tool-missing` when this machine has no bpftool */
	static async of({ guest, loaded }: VectorSession, program: string): Promise<PinnedProgram> {
		const { client } = guest;
		const object = loaded.handle ?? 0;
		const bpftool = await install(client);
		const pin = `/sys/fs/bpf/${program}`;
		const { errno } = await client.call("bpf", {
			cmd: BPF_OBJ_PIN,
			attr: new Uint8Array(16),
			blobs: [{ offset: 0, data: Buffer.from(`${pin}\0`) }],
			handles: [{ offset: 8, handle: object, program }],
		});
		if (errno !== 0) throw new Error(`${program} was not pinned: errno ${errno}`);
		return new PinnedProgram(client, object, pin, bpftool);
	}

	async run(frame: Uint8Array): Promise<void> {
		await this.client.call("file_write", { path: input, data: frame });
		const argv = [...this.bpftool, "prog", "run", "pinned", this.pin, "data_in", input];
		const { status, stdout, stderr } = await this.client.call("command_run", { argv });
		const said = `${Buffer.from(stdout)}${Buffer.from(stderr)}`;
		if (status !== 0 || !/Return value: [12]\b/.test(said)) throw new Error(`bpftool: ${said}`);
	}

	/** Restores the maps that the runs changed. */
	async forget(): Promise<void> {
		await this.client.call("object_reset", { object: this.object });
	}

	async remove(): Promise<void> {
		await this.client.call("file_remove", { path: this.pin });
	}
}

async function install(client: GuestClient): Promise<string[]> {
	const path = await bpftoolPath();
	const { stdout } = await execa("ldd", [path]);
	// `libelf.so.1 => /lib/x86_64-linux-gnu/libelf.so.1 (0x…)`, and the loader without an arrow.
	const files = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, file = ""]) => file);
	const loader = files.find((file) => /\/ld-linux|\/ld64/.test(file));
	if (!loader) throw new Error(`${path}: ldd names no loader`);
	for (const file of [path, ...files]) {
		const target = `${folder}/${basename(file)}`;
		await client.call("file_write", { path: target, data: await readFile(file), mode: 0o755 });
	}
	return [`${folder}/${basename(loader)}`, "--library-path", folder, `${folder}/${basename(path)}`];
}

/** The host's bpftool, also where only root's PATH looks. @throws UndecidedError `tool-missing` */
export async function bpftoolPath(): Promise<string> {
	const PATH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
	const { stdout, failed } = await execa("sh", ["-c", "command -v bpftool"], {
		env: { PATH },
		reject: false,
	});
	if (!failed && stdout.startsWith("/")) return stdout;
	throw undecided("tool-missing", {
		what: "bpftool is not installed; the benchmark compares vectors per second with it",
		tool: "bpftool",
		advice: "apt install bpftool",
	});
}
