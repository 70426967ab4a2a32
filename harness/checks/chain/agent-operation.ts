// SPDX-License-Identifier: Apache-2.0

import type { GuestClient } from "../../machine/guest/client.js";
import { GuestError } from "../../machine/guest/guest-error.js";

/** An operation of the agent that ends with one errno, for `packet_send` too. */
export interface AgentOperation {
	op: string;
	args: unknown;
}

/** Does an operation. @returns the kernel's errno, or the status of a command */
export async function operate(client: GuestClient, { op, args }: AgentOperation): Promise<number> {
	try {
		return errnoOf(await client.call(op as "bpf", args as never));
	} catch (error) {
		if (error instanceof GuestError) return error.errno;
		throw error;
	}
}

/** The errno in the result of an operation that was done; a command returns it as its status. */
export function errnoOf(result: unknown): number {
	const { errno, status } = (result ?? {}) as { errno?: number; status?: number };
	return errno ?? status ?? 0;
}
