// SPDX-License-Identifier: Apache-2.0

import { KernelEnum } from "../../base/bpf.js";
import { errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";

/** `enum bpf_sig_verdict` and `enum bpf_sig_keyring` of include/linux/bpf.h, from 7.2 on. */
const verdicts = new KernelEnum("unsigned verified");
const keyrings = new KernelEnum("none builtin secondary platform user");

/** What the kernel records about a program's signature (`prog->aux->sig`). */
export interface Verdict {
	/** `verified` or `unsigned` */
	verdict: string;
	/** `none`, `builtin`, `secondary`, `platform` or `user` */
	keyringType: string;
	/** Serial number of the user key or keyring that it was verified against; otherwise 0. */
	keyringSerial: number;
}

const path = "/run/bpfgate-signature-verdict.bpf.o";

/** Reads the verdicts with a BPF iterator, which works under later gatekeepers too. */
export class VerdictReader {
	private constructor(
		private readonly client: GuestClient,
		private readonly object: number,
		private readonly ownId: number | undefined,
	) {}

	/** @throws UndecidedError `verdict-unreadable` when the iterator is refused, `not-built` */
	static async open({ client, kernel }: Pick<Guest, "client" | "kernel">): Promise<VerdictReader> {
		const data = await bpfObject(kernel.arch, "signature-verdict");
		await client.call("file_write", { path, data });
		const { object } = await client.call("object_open", { path });
		await client.call("file_remove", { path });
		const loaded = await client.call("object_load", { object, log_level: 1, log_bytes: 4096 });
		if (loaded.errno !== 0) {
			await client.call("object_close", { object });
			const message = `kernel ${kernel.id} refuses the iterator that reads signature verdicts: ${errnoName(loaded.errno)}`;
			throw undecided("verdict-unreadable", { message });
		}
		return new VerdictReader(client, object, loaded.programs[0]?.info?.id);
	}

	/** The verdict of every program by id; undefined on kernels that record none. */
	async read(): Promise<Map<number, Verdict | undefined>> {
		const args = { object: this.object, program: "signature_verdict", hook: "auto" };
		const { link, iteration } = await this.client.call("attach", args);
		await this.client.call("detach", { link });
		if (iteration?.errno !== 0) {
			const message = `reading the signature verdicts failed: ${errnoName(iteration?.errno ?? 0)}`;
			throw undecided("verdict-unreadable", { message });
		}
		const lines = Buffer.from(iteration.data).toString().split("\n");
		const read = new Map(lines.filter((line) => line !== "").map(parse));
		if (this.ownId !== undefined) read.delete(this.ownId);
		return read;
	}

	async close(): Promise<void> {
		await this.client.call("object_close", { object: this.object });
	}
}

export async function readVerdicts(
	guest: Pick<Guest, "client" | "kernel">,
): Promise<Map<number, Verdict | undefined>> {
	const reader = await VerdictReader.open(guest);
	try {
		return await reader.read();
	} finally {
		await reader.close();
	}
}

function parse(line: string): [id: number, verdict: Verdict | undefined] {
	const [id = 0, verdict, keyringType, keyringSerial] = line.split(" ").map(Number);
	if (verdict === undefined || keyringType === undefined || keyringSerial === undefined)
		return [id, undefined];
	return [id, { verdict: verdicts.name(verdict), keyringType: keyrings.name(keyringType), keyringSerial }];
}
