// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../client.js";
import type { Args } from "../operations.js";

/** Root in its own namespaces, without capabilities outside. */
export const apart: Args<"user_start"> = { uid: 1000, gid: 1000, unshare: ["user", "mnt", "net"] };

/** The users that a test has started. */
export class Users {
	private readonly started = new Set<number>();

	constructor(private readonly client: () => GuestClient) {}

	async start(args: Args<"user_start"> = apart): Promise<{ user: number; pid: number; as: GuestClient }> {
		const { user, pid } = await this.client().call("user_start", args);
		this.started.add(user);
		return { user, pid, as: this.client().as(user) };
	}

	async end(user: number): Promise<void> {
		this.started.delete(user);
		await this.client().call("close", { handle: user });
	}

	async endAll(): Promise<void> {
		for (const user of this.started) await this.end(user);
	}
}

export async function readText(client: GuestClient, path: string): Promise<string> {
	return Buffer.from((await client.call("file_read", { path })).data).toString();
}
