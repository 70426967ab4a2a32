// SPDX-License-Identifier: Apache-2.0

import type { UndecidedError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Channel } from "./channel.js";
import { GuestError } from "./guest-error.js";
import type { Args, OperationName, Result } from "./operations.js";

export { GuestError } from "./guest-error.js";

/** Runs operations in a guest, in the agent or in the process of one of its users. */
export class GuestClient {
	/** @param littleEndian byte order of the kernel @param user handle; default: agent */
	constructor(
		private readonly channel: Channel,
		readonly littleEndian: boolean,
		private readonly user?: number,
	) {}

	/** The same guest by that user, which has its own handles (but see `fd_pass`). */
	as(user: number): GuestClient {
		return new GuestClient(this.channel, this.littleEndian, user);
	}

	/** @throws GuestError: failed; UndecidedError: lost guest or user, `agent-outdated` */
	async call<N extends OperationName>(op: N, args: Args<N>): Promise<Result<N>> {
		try {
			return await this.channel.request(op, this.user === undefined ? args : { user: this.user, ...args });
		} catch (error) {
			throw lostUser(error) ?? outdated(error) ?? error;
		}
	}

	get failure(): UndecidedError | undefined {
		return this.channel.failure;
	}

	/** The operation that the guest works on. */
	get operation(): string | undefined {
		return this.channel.operation;
	}

	/** Gives the guest up: it is ended, and every request rejects with `why`. */
	abandon(why: UndecidedError): void {
		this.channel.abandon(why);
	}

	get traffic(): Readonly<{ sent: number; received: number }> {
		return this.channel.traffic;
	}
}

/** The agent's answer for a lost user (PROTOCOL.md), which is not an answer of the kernel. */
function lostUser(error: unknown): UndecidedError | undefined {
	if (!(error instanceof GuestError) || !["EOWNERDEAD", "ETIMEDOUT", "EPROTO"].includes(error.errnoName))
		return;
	if (!/^user \d+ /.test(error.what)) return;
	return undecided("user-lost", { why: error.message }, { cause: error });
}

/** An agent built before the operation existed; its words tell this from the kernel's ENOSYS. */
function outdated(error: unknown): UndecidedError | undefined {
	if (!(error instanceof GuestError) || error.errnoName !== "ENOSYS") return;
	if (error.what !== `${error.op}: no such operation`) return;
	return undecided("agent-outdated", { op: error.op }, { cause: error });
}
