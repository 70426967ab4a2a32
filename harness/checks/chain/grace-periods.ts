// SPDX-License-Identifier: Apache-2.0
import { GuestError } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";

const path = "/sys/kernel/rcu_expedited";

/**
 * Has the kernel end RCU's grace periods as soon as it can. Each change of a hook waits for some,
 * which are a few clock ticks long else, and a chain is built some thirty times. Order and
 * atomicity are not touched by it.
 *
 * Kernel: kernel/rcu/update.c (`rcu_gp_is_expedited`), kernel/ksysfs.c; none with CONFIG_TINY_RCU.
 *
 * @returns what makes it as it was
 */
export async function expediteGracePeriods({ client }: Pick<Guest, "client">): Promise<() => Promise<void>> {
	try {
		const { data } = await client.call("file_read", { path });
		await client.call("file_write", { path, data: Buffer.from("1") });
		return async () => void (await client.call("file_write", { path, data }));
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		return async () => {};
	}
}
