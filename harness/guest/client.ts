// SPDX-License-Identifier: Apache-2.0
import type { UndecidedError } from "../errors.js";
import type { Channel } from "./channel.js";
import type { Args, OperationName, Result } from "./operations.js";

export { GuestError } from "./guest-error.js";

/** What a guest does for the runner: operations, done by the agent or by one of its users. */
export class GuestClient {
	/** @param user handle of the user (`user_start`) whose process does what is asked; the agent unless given */
	constructor(
		private readonly channel: Channel,
		private readonly user?: number,
	) {}

	/**
	 * The same guest, in which every operation is done by that user, who has handles of its own: the agent's are none of
	 * them, and what one opened or loaded the other cannot name (but see `fd_pass`).
	 */
	as(user: number): GuestClient {
		return new GuestClient(this.channel, user);
	}

	/** Throws GuestError when the guest says no, UndecidedError when the guest is lost. */
	call<N extends OperationName>(op: N, args: Args<N>): Promise<Result<N>> {
		return this.channel.request(op, this.user === undefined ? args : { user: this.user, ...args });
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
