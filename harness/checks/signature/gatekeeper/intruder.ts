// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import { UndecidedError } from "../../../base/errors.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { artifact } from "./artifacts.js";

/** It is as large as all else that a guest is sent. */
const brought = new WeakMap<Guest, Intruder>();

/** A process of root in the guest that is on no side; see intruder.c for what it can be asked. */
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

	/** The same program as another file, which must be there. */
	at(path: string): Intruder {
		return new Intruder(this.guest, path);
	}

	/**
	 * Has it do something.
	 *
	 * @returns errnos in the order of what it did, 0 for done (the last number of `run` is a return
	 * value, of `attach` a process id)
	 * @throws UndecidedError `intruder-failed` when it did not even try; GuestError when it cannot
	 * be started
	 */
	async does(...words: string[]): Promise<number[]> {
		const { status, stdout, stderr } = await this.guest.client.call("command_run", {
			argv: [this.path, ...words],
		});
		if (status !== 0) {
			const said = Buffer.from(stderr).toString().trim();
			throw new UndecidedError(
				"intruder-failed",
				`the process that is to be kept out could not try \`${words.join(" ")}\` (status ${status}) ${said}`,
				"this is a defect of bpfgate; report it",
			);
		}
		return Buffer.from(stdout).toString().trim().split("\n").map(Number);
	}

	/** As `does`; the first thing that went wrong, as `EPERM`, or undefined when all was done. */
	async fails(...words: string[]): Promise<string | undefined> {
		const errno = (await this.does(...words)).find((each) => each !== 0);
		return errno === undefined ? undefined : errnoName(Math.abs(errno));
	}
}
