// SPDX-License-Identifier: Apache-2.0
import { GuestError } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";

const path = "/sys/kernel/rcu_expedited";

/**
 * Makes the kernel end RCU's grace periods as soon as it can. Each change of a hook waits for some
 * of them, a few clock ticks each, and a chain is built some thirty times. This affects neither
 * order nor atomicity.
 *
 * Kernel: kernel/rcu/update.c (`rcu_gp_is_expedited`), kernel/ksysfs.c; absent with
 * CONFIG_TINY_RCU.
 * @returns restores the setting
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
