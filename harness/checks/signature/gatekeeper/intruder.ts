// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { artifact } from "./artifacts.js";

/** The program is as large as everything else that a guest is sent. */
const brought = new WeakMap<Guest, Intruder>();

/** Another root process in the guest that acts as the attacker; its commands: intruder.c. */
export class Intruder {
	private constructor(
		private readonly guest: Guest,
		readonly path: string,
	) {}

	static async bring(guest: Guest): Promise<Intruder> {
		const there = brought.get(guest);
		if (there) return there;
		const path = "/run/bpfgate-intruder";
		const data = await artifact(guest.kernel.arch, "intruder");
		await guest.client.call("file_write", { path, data, mode: 0o755 });
		const intruder = new Intruder(guest, path);
		brought.set(guest, intruder);
		return intruder;
	}

	/** The same program as another file, which must exist. */
	at(path: string): Intruder {
		return new Intruder(this.guest, path);
	}

	/**
	 * Runs a command.
	 * @returns errnos in the order of its actions, 0 for done (the last number of `run` is a return
	 * value, of `attach` a process id)
	 * @throws UndecidedError `intruder-failed` when it could not try; GuestError when it cannot be
	 * started
	 */
	async does(...words: string[]): Promise<number[]> {
		const { status, stdout, stderr } = await this.guest.client.call("command_run", {
			argv: [this.path, ...words],
		});
		if (status !== 0) {
			const said = Buffer.from(stderr).toString().trim();
			throw undecided("intruder-failed", { command: words.join(" "), status: status ?? -1, said });
		}
		return Buffer.from(stdout).toString().trim().split("\n").map(Number);
	}

	/** Runs a command; its first errno, as `EPERM`, or undefined when everything was done. */
	async fails(...words: string[]): Promise<string | undefined> {
		const errno = (await this.does(...words)).find((each) => each !== 0);
		return errno === undefined ? undefined : errnoName(Math.abs(errno));
	}
}
