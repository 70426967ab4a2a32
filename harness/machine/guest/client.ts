// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../base/errors.js";
import type { Channel } from "./channel.js";
import { GuestError } from "./guest-error.js";
import type { Args, OperationName, Result } from "./operations.js";

export { GuestError } from "./guest-error.js";

/** What a guest does for the runner: operations, done by the agent or by one of its users. */
export class GuestClient {
	/**
	 * @param littleEndian byte order of the guest's kernel
	 * @param user handle of the user (`user_start`) whose process does what is asked; the agent
	 * unless given
	 */
	constructor(
		private readonly channel: Channel,
		readonly littleEndian: boolean,
		private readonly user?: number,
	) {}

	/**
	 * The same guest, in which every operation is done by that user, who has handles of its own:
	 * the agent's are none of them, and what one opened or loaded the other cannot name (but see
	 * `fd_pass`).
	 */
	as(user: number): GuestClient {
		return new GuestClient(this.channel, this.littleEndian, user);
	}

	/**
	 * Throws GuestError when the guest says no, UndecidedError when the guest is lost, or the user
	 * (`user-lost`).
	 */
	async call<N extends OperationName>(op: N, args: Args<N>): Promise<Result<N>> {
		try {
			return await this.channel.request(op, this.user === undefined ? args : { user: this.user, ...args });
		} catch (error) {
			throw lostUser(error) ?? error;
		}
	}

	/** Why the guest is lost, if it is. */
	get failure(): UndecidedError | undefined {
		return this.channel.failure;
	}

	/** Bytes on the channel, frames and all. */
	get traffic(): Readonly<{ sent: number; received: number }> {
		return this.channel.traffic;
	}
}

/**
 * What the agent answers for a user who cannot any more (PROTOCOL.md): the kernel has said neither
 * yes nor no.
 */
function lostUser(error: unknown): UndecidedError | undefined {
	if (!(error instanceof GuestError) || !["EOWNERDEAD", "ETIMEDOUT", "EPROTO"].includes(error.errnoName))
		return;
	if (!/^user \d+ /.test(error.what)) return;
	return new UndecidedError(
		"user-lost",
		`the process that works in the guest for a user is lost: ${error.message}`,
		"run it again; where the kernel's log says that the guest ran out of memory, the package needs smaller maps",
		{ cause: error },
	);
}
